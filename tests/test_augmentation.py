"""Augmentation: one affine transform an image, reproducible by (seed, epoch, image)."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from fer_analysis.data.augmentation import Augmentation, erase
from fer_analysis.options import options_of

NONE = {"shift": 0, "rotation": 0, "zoom": 0, "horizontal_flip": False, "vertical_flip": False}


def images(n=3, size=48):
    return np.random.default_rng(0).integers(0, 256, (n, size, size, 1)).astype(np.float32)


def apply(augmentation, batch, epoch=0, seed=0):
    transforms = augmentation.transforms(len(batch), *batch.shape[1:3], seed=seed, epoch=epoch)
    return augmentation.apply(batch, transforms).numpy()


def test_all_ranges_zero_changes_nothing():
    augmentation = Augmentation(**NONE)
    assert augmentation.is_identity
    np.testing.assert_array_equal(apply(augmentation, images()), images())


def test_flips_are_exact_mirrors():
    faces = images(200, 48)
    for axis, name in ((2, "horizontal_flip"), (1, "vertical_flip")):
        result = apply(Augmentation(**{**NONE, name: True}), faces)
        flipped = np.flip(faces, axis)
        same = np.array([np.allclose(a, b, atol=1e-2) for a, b in zip(result, faces, strict=True)])
        mirrored = np.array(
            [np.allclose(a, b, atol=1e-2) for a, b in zip(result, flipped, strict=True)]
        )
        assert (same ^ mirrored).all()
        assert 70 < mirrored.sum() < 130  # half of 200, five standard deviations


def test_shift_moves_a_dot_within_its_range():
    face = np.zeros((1, 48, 48, 1), np.float32)
    face[0, 24, 24, 0] = 255
    augmentation = Augmentation(**{**NONE, "shift": 0.2})
    places = []
    for epoch in range(200):
        moved = apply(augmentation, face, epoch)[0, :, :, 0]
        rows, columns = np.indices(moved.shape)
        places.append([(moved * rows).sum(), (moved * columns).sum()] / moved.sum())
    moves = np.array(places) - 24
    assert np.abs(moves).max() <= 0.2 * 48 + 0.01
    assert np.abs(moves).max(axis=0).min() > 0.17 * 48  # both directions use the range
    assert np.abs(moves.mean(axis=0)).max() < 1.5  # and neither side is preferred


def test_zoom_scales_about_the_centre():
    face = np.zeros((1, 49, 49, 1), np.float32)
    face[0, 24 - 8 : 24 + 9, 24 - 8 : 24 + 9] = 1  # a square of 17x17
    areas = [
        apply(Augmentation(**{**NONE, "zoom": 0.2}), face, epoch).sum() / 17**2
        for epoch in range(100)
    ]
    assert 1 / 1.2**2 - 0.05 <= min(areas) < 0.85
    assert 1.15 < max(areas) <= 1 / 0.8**2 + 0.05


def test_rotation_turns_by_at_most_its_range():
    transforms = Augmentation(**{**NONE, "rotation": 5}).transforms(5000, 48, 48, seed=0, epoch=0)
    angles = np.rad2deg(np.arctan2(transforms[:, 3], transforms[:, 0]))
    assert -5 <= angles.min() < -4.9
    assert 4.9 < angles.max() <= 5
    # A pure rotation: no scaling.
    np.testing.assert_allclose(np.hypot(transforms[:, 0], transforms[:, 3]), 1, rtol=1e-6)


def test_transforms_depend_on_seed_epoch_and_image_alone():
    augmentation = Augmentation()
    first = augmentation.transforms(10, 48, 48, seed=1, epoch=2)
    np.testing.assert_array_equal(first, augmentation.transforms(10, 48, 48, seed=1, epoch=2))
    np.testing.assert_array_equal(first[:4], augmentation.transforms(4, 48, 48, seed=1, epoch=2))
    assert not np.array_equal(first, augmentation.transforms(10, 48, 48, seed=1, epoch=3))
    assert not np.array_equal(first, augmentation.transforms(10, 48, 48, seed=2, epoch=2))


@pytest.mark.parametrize("fill", get_args(options_of(Augmentation)["fill"][0]))
def test_every_fill_mode_works_and_stays_in_range(fill):
    result = apply(Augmentation(shift=0.5, fill=fill), images())
    assert result.shape == (3, 48, 48, 1)
    assert result.min() >= 0
    assert result.max() <= 255.001


def test_constant_fill_is_black_and_nearest_repeats_the_border():
    white = np.full((50, 48, 48, 1), 200, np.float32)
    shifted = {"shift": 0.3, "zoom": 0, "rotation": 0}
    assert apply(Augmentation(**shifted, fill="constant"), white).min() == 0
    np.testing.assert_allclose(
        apply(Augmentation(**shifted, fill="nearest"), white), 200, rtol=1e-4
    )


def test_another_size_shows_the_same_picture():
    """A ramp stays a ramp: each pixel of the small image has the value at its centre."""
    rows, columns = np.indices((48, 48)).astype(np.float32)
    ramps = np.stack([rows, columns, rows + 2 * columns])[..., None]
    small = Augmentation(**NONE)
    nothing = small.transforms(3, 48, 48, seed=0, epoch=0)
    result = small.apply(ramps, nothing, size=(24, 32)).numpy()[..., 0]
    y, x = np.indices((24, 32))
    y, x = y * 2 + 0.5, x * 1.5 + 0.25
    np.testing.assert_allclose(result, np.stack([y, x, y + 2 * x]), atol=1e-4)


def test_another_size_is_transformed_alike():
    """Transformed, then halved by averaging, is what is shown at half the size."""
    dots = np.zeros((50, 48, 48, 1), np.float32)
    rows, columns = np.indices((48, 48))
    dots[..., 0] = 255 * np.exp(-((rows - 20) ** 2 + (columns - 26) ** 2) / 50)
    augmentation = Augmentation(vertical_flip=False)
    transforms = augmentation.transforms(50, 48, 48, seed=0, epoch=0)
    full = augmentation.apply(dots, transforms).numpy()
    halved = full.reshape(50, 24, 2, 24, 2, 1).mean(axis=(2, 4))
    np.testing.assert_allclose(augmentation.apply(dots, transforms, size=(24, 24)), halved, atol=6)


def test_erasing_takes_a_rectangle_from_its_share_of_the_images():
    faces = images(1000)
    augmentation = Augmentation(**NONE, erasing=0.3)
    rectangles = augmentation.rectangles(1000, seed=0, epoch=0)
    changed = (erase(faces, rectangles).numpy() != faces)[..., 0]
    lost = changed.mean(axis=(1, 2))
    assert 0.25 < (lost > 0).mean() < 0.35
    assert lost[lost > 0].min() > 0.01
    assert lost.max() < 0.24
    for picture in changed[lost > 0]:
        rows, columns = picture.any(axis=1), picture.any(axis=0)
        filled = picture[np.ix_(rows, columns)]
        assert filled.mean() > 0.9  # now and then a pixel has the mean already
    assert changed[:, 4:44, 4:44].any(axis=0).all()  # corners are hit seldom
    assert (Augmentation(**NONE).rectangles(9, seed=0, epoch=0)[:, :2] < 1).all()


def test_what_is_erased_has_the_image_s_mean_and_whole_images_stay():
    faces = images(2)
    rectangles = np.float32([[0.25, 0.5, 0.5, 0.75], [0.3, 0.3, 0.3, 0.3]])
    erased = erase(faces, rectangles).numpy()
    np.testing.assert_array_equal(erased[1], faces[1])
    np.testing.assert_allclose(erased[0, 12:24, 24:36], faces[0].mean(), rtol=1e-5)
    np.testing.assert_array_equal(erased[0, :12], faces[0, :12])
    np.testing.assert_array_equal(erased[0, :, 36:], faces[0, :, 36:])


def test_rectangles_depend_on_seed_epoch_and_image_alone():
    augmentation = Augmentation(erasing=0.5)
    first = augmentation.rectangles(10, seed=1, epoch=2)
    np.testing.assert_array_equal(first[:4], augmentation.rectangles(4, seed=1, epoch=2))
    assert not np.array_equal(first, augmentation.rectangles(10, seed=1, epoch=3))
    assert not np.array_equal(first, augmentation.rectangles(10, seed=2, epoch=2))
