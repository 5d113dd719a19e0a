"""Augmentation: one affine transform for each image, composed of its parts; conditions; erasing.

An image's transform depends only on (seed, epoch, position in the epoch), so a resumed run
is shown the same images as an uninterrupted one. Composing first and resampling once is
both faster and sharper than applying shift, rotation and zoom one after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from fer_analysis.conditions import CONDITIONS
from fer_analysis.conditions.mixture import Mixture
from fer_analysis.conditions.severity import SEVERITIES
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import did_you_mean


def _weights(given: object) -> object:
    """Return names of conditions as a mapping to equal weights.

    Raises:
        ValueError: Naming the conditions that are none.
    """
    if isinstance(given, (list, tuple)):
        given = dict.fromkeys(map(str, given), 1.0)
    if not isinstance(given, Mapping):
        raise ValueError("expected names of conditions, or a mapping of names to weights")
    unknown = [f"'{name}'" for name in given if name not in CONDITIONS]
    if unknown:
        name = unknown[0].strip("'")
        raise ValueError(f"unknown condition {', '.join(unknown)}{did_you_mean(name, CONDITIONS)}")
    return given


Conditions = Annotated[dict[str, Annotated[float, Field(gt=0, le=1e6)]], BeforeValidator(_weights)]
Severity = Annotated[int, Field(ge=1, le=5)]


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Ranges of the random transforms; the defaults are those of `configs/self_built.yaml`.

    Args:
        shift: Largest shift in each direction, as a share of the side.
        rotation: Largest rotation, degrees.
        zoom: Each axis is scaled by 1 - zoom to 1 + zoom.
        horizontal_flip: Mirror half of the images.
        vertical_flip: Turn half of the images upside down.
        fill: Pixels outside the source image: `nearest`, `constant` (black),
            `reflect` or `wrap`.
        erasing: Share of the images that lose a rectangle (Zhong et al. 2020).
        conditions: Names of conditions, or a mapping to how often each is drawn relative to the
            others.
        condition_share: Share of the images that one of the conditions is put on.
        condition_severities: Severities that are drawn, equally often.
    """

    shift: Annotated[float, Field(ge=0, le=1)] = 0.1
    rotation: Annotated[float, Field(ge=0, le=180)] = 5.0
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.1
    horizontal_flip: bool = True
    vertical_flip: bool = False
    fill: Literal["nearest", "constant", "reflect", "wrap"] = "nearest"
    erasing: Annotated[float, Field(ge=0, le=1)] = 0.0
    conditions: Conditions = field(default_factory=dict)
    condition_share: Annotated[float, Field(ge=0, le=1)] = 0.25
    condition_severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = SEVERITIES

    @property
    def is_identity(self) -> bool:
        """Return whether no transform changes an image (conditions and erasing aside)."""
        return not (
            self.shift or self.rotation or self.zoom or self.horizontal_flip or self.vertical_flip
        )

    @property
    def mixture(self) -> Mixture | None:
        """The conditions with their share and severities; None: no image has one."""
        if not self.conditions or not self.condition_share:
            return None
        weights = dict(sorted(self.conditions.items()))  # so that their order changes nothing
        return Mixture(weights, self.condition_share, self.condition_severities)

    def drawn_conditions(self, n: int, *, seed: int, epoch: int) -> np.ndarray:
        """Draw the conditions of one epoch, int32 `(n, 2)`: see `Mixture.draw`."""
        if self.mixture is None:
            return np.full((n, 2), -1, np.int32)
        return self.mixture.draw(n, seed=(seed, epoch, 4))

    def transforms(self, n: int, height: int, width: int, *, seed: int, epoch: int) -> np.ndarray:
        """Draw the transforms of one epoch.

        Args:
            n: Number of images.
            height: Rows of an image.
            width: Columns of an image.
            seed: The run's seed.
            epoch: Epoch, counted from 0.

        Returns:
            float32 `(n, 8)`: for each image the projective transform that maps an output
            pixel (x, y) to the input pixel to be read, row-major without the last 1.
        """
        draws = np.random.default_rng([seed, epoch, 0]).random((n, 7))
        signed = 2 * draws - 1
        angle = np.deg2rad(self.rotation) * signed[:, 0]
        zoom_x = 1 + self.zoom * signed[:, 1]
        zoom_y = 1 + self.zoom * signed[:, 2]
        flip_x = np.where(self.horizontal_flip & (draws[:, 3] < 0.5), -1, 1)
        flip_y = np.where(self.vertical_flip & (draws[:, 4] < 0.5), -1, 1)
        xx, xy = np.cos(angle) * zoom_x * flip_x, -np.sin(angle) * zoom_y * flip_y
        yx, yy = np.sin(angle) * zoom_x * flip_x, np.cos(angle) * zoom_y * flip_y
        centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
        shift_x = centre_x - xx * centre_x - xy * centre_y + self.shift * width * signed[:, 5]
        shift_y = centre_y - yx * centre_x - yy * centre_y + self.shift * height * signed[:, 6]
        zero = np.zeros(n)
        return np.stack([xx, xy, shift_x, yx, yy, shift_y, zero, zero], axis=1).astype(np.float32)

    def apply(self, images, transforms, *, size: tuple[int, int] | None = None):
        """Resample a batch, bilinear; runs eagerly and inside a `tf.data` map.

        Args:
            images: float32 `(n, height, width, channels)`.
            transforms: float32 `(n, 8)`, see `transforms`.
            size: Height and width of the result; None: as the images.

        Returns:
            float32 tensor `(n, *size, channels)`.
        """
        import tensorflow as tf

        if size is not None:
            transforms = _at_size(transforms, images.shape[1:3], size)
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=images,
            transforms=transforms,
            output_shape=tf.shape(images)[1:3] if size is None else size,
            fill_value=0.0,
            interpolation="BILINEAR",
            fill_mode=self.fill.upper(),
        )

    def examples(self, dataset: FaceDataset, *, versions: int = 9) -> tuple[np.ndarray, np.ndarray]:
        """Transform a face of each label as in the first epochs of a training.

        Args:
            dataset: The faces; those of the first split are taken.
            versions: How many transforms of each face.

        Returns:
            The faces, uint8 `(k, height, width, channels)`, and their transformed versions, float32
            `(k, versions, height, width, channels)`.
        """
        from fer_analysis.tensorflow_setup import import_tensorflow_quietly

        import_tensorflow_quietly()
        faces = dataset.part(dataset.splits[0])
        # Each label's middle image: some of the first ones in FER-2013 are blank.
        members = [np.flatnonzero(faces.labels == label) for label in np.unique(faces.labels)]
        images = faces.images[[rows[len(rows) // 2] for rows in members]]
        n, height, width = images.shape[:3]
        mixture, shown = self.mixture, []
        for epoch in range(versions):
            transforms = self.transforms(n, height, width, seed=0, epoch=epoch)
            drawn = self.drawn_conditions(n, seed=0, epoch=epoch)
            version = mixture.on_faces(images, drawn, seed=(0, epoch)) if mixture else images
            version = self.apply(version.astype(np.float32), transforms).numpy()
            if mixture:
                version = mixture.on_pictures(version, drawn, seed=(0, epoch))
            shown.append(version)
        return images, np.stack(shown, axis=1)

    def rectangles(self, n: int, *, seed: int, epoch: int) -> np.ndarray:
        """Draw the erased rectangles of one epoch: 2 to 20 % of the area, with sides of a
        ratio up to 2.

        Args:
            n: Number of images.
            seed: The run's seed.
            epoch: Epoch, counted from 0.

        Returns:
            float32 `(n, 4)`: top, left, bottom and right as shares of the sides; an image without
            erasing has a rectangle of area 0.
        """
        draws = np.random.default_rng([seed, epoch, 3]).random((n, 5))
        area, ratio = 0.02 + 0.18 * draws[:, 1], 2.0 ** (2 * draws[:, 2] - 1)
        sides = np.sqrt([area * ratio, area / ratio]) * (draws[:, 0] < self.erasing)
        corner = draws[:, 3:].T * (1 - sides)
        return np.concatenate([corner, corner + sides]).T.astype(np.float32)


def erase(images, rectangles):
    """Give each rectangle the mean of its image; runs eagerly and inside a `tf.data` map.

    Args:
        images: float32 `(n, height, width, channels)`.
        rectangles: float32 `(n, 4)`, see `Augmentation.rectangles`.

    Returns:
        float32 tensor of the same shape.
    """
    import tensorflow as tf

    def between(start, end, pixels):
        centres = (tf.range(pixels, dtype=tf.float32) + 0.5) / pixels
        return (start[:, None] <= centres) & (centres < end[:, None])

    top, left, bottom, right = tf.unstack(rectangles, axis=1)
    rows = between(top, bottom, images.shape[1])
    columns = between(left, right, images.shape[2])
    erased = (rows[:, :, None] & columns[:, None, :])[..., None]
    return tf.where(erased, tf.reduce_mean(images, axis=(1, 2, 3), keepdims=True), images)


def _at_size(transforms, source: tuple[int, int], size: tuple[int, int]):
    """Convert transforms of full-sized outputs to outputs of another size.

    Pixel 0 covers the interval from 0 to 1, its centre is at a half: output pixel x of the
    other size lies at `x * step + (step - 1) / 2` of the full one.
    """
    import tensorflow as tf

    step_y, step_x = source[0] / size[0], source[1] / size[1]
    xx, xy, shift_x, yx, yy, shift_y, *rest = tf.unstack(transforms, axis=1)
    start_x, start_y = (step_x - 1) / 2, (step_y - 1) / 2
    return tf.stack(
        [
            xx * step_x,
            xy * step_y,
            shift_x + xx * start_x + xy * start_y,
            yx * step_x,
            yy * step_y,
            shift_y + yx * start_x + yy * start_y,
            *rest,
        ],
        axis=1,
    )
