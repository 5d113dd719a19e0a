"""Augmentation: one affine transform an image, reproducible by (seed, epoch, image)."""

from __future__ import annotations

import numpy as np
import pytest

from fer_analysis.data.augmentation import FILL_MODES, Augmentation

NONE = {
    "shift": 0, "rotation": 0, "zoom": 0, "horizontal_flip": False, "vertical_flip": False
}  # fmt: skip


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


@pytest.mark.parametrize("fill", FILL_MODES)
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
