"""The contract of every condition, run over the table; and that severity is what it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve, rotate

from fer_analysis.conditions import CONDITIONS, caption, kind_of
from fer_analysis.conditions.severity import SEVERITIES
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError

FACES = generate(n=100, seed=3, noise=0).images[:40]
KINDS = ("sensor", "focus", "compression", "light", "geometry", "occlusion", "scenes")

every = pytest.mark.parametrize("name", CONDITIONS)


def of_size(height, width, n=3):
    """Return smooth images of a size, uint8."""
    y, x = np.mgrid[:height, :width]
    wave = 128 + 60 * np.sin(y / height * 9) * np.cos(x / width * 7)
    return np.stack([(wave + 10 * i).clip(0, 255) for i in range(n)]).astype(np.uint8)[..., None]


def rms(images, changed):
    return float(np.sqrt(np.mean((changed.astype(float) - images) ** 2)))


def test_kinds_come_from_the_modules():
    found = [kind_of(name) for name in CONDITIONS]
    assert list(dict.fromkeys(found)) == list(KINDS)


@every
@pytest.mark.parametrize("severity", SEVERITIES)
def test_shape_and_dtype_stay_and_the_input_too(name, severity):
    before = FACES.copy()
    changed = CONDITIONS[name](FACES, severity=severity, seed=1)
    assert changed.shape == FACES.shape
    assert changed.dtype == np.uint8
    assert np.array_equal(FACES, before)


@every
@pytest.mark.parametrize("size", [(32, 32), (48, 48), (47, 61), (96, 96)])
def test_any_image_size(name, size):
    images = of_size(*size)
    for severity in (1, 5):
        assert CONDITIONS[name](images, severity=severity, seed=0).shape == images.shape


@every
def test_an_image_does_not_depend_on_its_batch_and_repeats(name):
    condition = CONDITIONS[name]
    whole = condition(FACES[:8], severity=3, seed=5)
    assert np.array_equal(whole, condition(FACES[:8], severity=3, seed=5))
    assert np.array_equal(whole[5:6], condition(FACES[5:6], severity=3, seed=5))
    assert np.array_equal(whole[::-1], condition(FACES[7::-1], severity=3, seed=5))


RANDOM = [
    name
    for name in CONDITIONS
    if kind_of(name) in ("sensor", "occlusion", "scenes")
    or name in ("motion_blur", "block_loss", "one_sided_light", "turned", "shifted")
]


@pytest.mark.parametrize("name", RANDOM)
def test_another_seed_gives_another_picture(name):
    condition = CONDITIONS[name]
    one = condition(FACES, severity=3, seed=(1, 0))
    assert not np.array_equal(one, condition(FACES, severity=3, seed=(1, 1)))


@every
def test_no_images_are_no_error(name):
    assert CONDITIONS[name](FACES[:0], severity=2, seed=0).shape == FACES[:0].shape


@every
def test_the_picture_changes_more_at_each_severity(name):
    condition = CONDITIONS[name]
    changes = [rms(FACES, condition(FACES, severity=s, seed=0)) for s in SEVERITIES]
    assert changes[0] > 0
    assert changes == sorted(changes), changes


@every
def test_severities_are_written_down(name):
    condition = CONDITIONS[name]
    assert len(set(condition.captions)) == len(SEVERITIES)
    assert all(
        f"{level}. {text}" in condition.__doc__ for level, text in enumerate(condition.captions, 1)
    )
    assert caption(name, 2) == f"{name.replace('_', ' ')}, {condition.captions[1]}"


@pytest.mark.parametrize("severity", [0, 6, 2.5, "3"])
def test_other_severities_are_refused(severity):
    with pytest.raises(FerError, match="severity: expected 1 to 5"):
        CONDITIONS["jpeg"](FACES, severity=severity)


def test_other_images_are_refused():
    with pytest.raises(FerError, match="images: expected uint8"):
        CONDITIONS["jpeg"](FACES[..., 0], severity=1)
    with pytest.raises(FerError, match="images: expected uint8"):
        CONDITIONS["jpeg"](FACES / 255.0, severity=1)


def test_noise_has_the_level_that_the_table_says():
    grey = np.full((8, 48, 48, 1), 128, np.uint8)
    grey += np.arange(8, dtype=np.uint8)[:, None, None, None]  # not one image eight times
    for severity, sd in enumerate((4, 8, 16, 28), start=1):
        noisy = CONDITIONS["gaussian_noise"](grey, severity=severity, seed=0)
        assert (noisy.astype(float) - grey).std() == pytest.approx(sd, rel=0.03)
    for severity, photons in enumerate((1500, 400, 120, 40), start=1):
        noisy = CONDITIONS["shot_noise"](grey, severity=severity, seed=0)
        expected = 255 * np.sqrt(131.5 / 255 / photons)
        assert (noisy.astype(float) - grey).std() == pytest.approx(expected, rel=0.05)
    for severity, percent in enumerate((0.5, 2, 5, 12, 25), start=1):
        noisy = CONDITIONS["impulse_noise"](grey, severity=severity, seed=0)
        assert 100 * np.mean(noisy != grey) == pytest.approx(percent, rel=0.15)


@pytest.mark.parametrize("name", ["defocus", "motion_blur", "low_resolution"])
def test_blur_takes_detail_away_at_each_severity(name):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (6, 48, 48, 1), dtype=np.uint8)
    laplace = np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, :, :, None]
    detail = [
        convolve(CONDITIONS[name](images, severity=s, seed=0).astype(float), laplace).std()
        for s in SEVERITIES
    ]
    assert detail == sorted(detail, reverse=True)
    flat = np.full((1, 48, 48, 1), 77, np.uint8)
    assert (CONDITIONS[name](flat, severity=5, seed=0) == 77).all(), "a flat picture has none"


def test_a_point_out_of_focus_is_a_disc_of_the_radius():
    point = np.zeros((1, 49, 49, 1), np.uint8)
    point[0, 24, 24] = 255
    spread = CONDITIONS["defocus"](point, severity=5)[0, ..., 0]
    radius = 4.2 * 49 / 48
    assert spread[24, 24] == pytest.approx(255 / (np.pi * radius**2), abs=1)
    lit = np.argwhere(spread > 0)
    assert np.hypot(*(lit - 24).T).max() == pytest.approx(radius, abs=1)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_a_turned_face_is_turned_by_the_degrees(severity):
    degrees = (8, 16, 30, 45, 75)[severity - 1]
    image = of_size(48, 48, 1)
    made = CONDITIONS["turned"](image, severity=severity)[0, 12:36, 12:36, 0].astype(float)
    by_scipy = [
        rotate(image[0, ..., 0].astype(float), sign * degrees, reshape=False)[12:36, 12:36]
        for sign in (-1, 1)
    ]
    assert min(np.abs(made - each).mean() for each in by_scipy) < 1.5


def test_a_shifted_face_moves_by_the_pixels_at_any_size():
    for side in (48, 96):
        y, x = np.mgrid[:side, :side]
        blob = 250 * np.exp(-(((y - side / 2) ** 2 + (x - side / 2) ** 2) / (side / 8) ** 2))
        image = blob.astype(np.uint8)[None, ..., None]
        moved = CONDITIONS["shifted"](image, severity=3)[0, ..., 0].astype(float)
        centre = np.array([(moved * axis).sum() / moved.sum() for axis in (y, x)])
        assert np.hypot(*(centre - side / 2)) == pytest.approx(8 * side / 48, rel=0.08)


def test_a_mask_leaves_the_eyes_and_covers_the_mouth():
    masked = CONDITIONS["surgical_mask"](FACES, severity=4, seed=0)
    changed = (masked != FACES).mean(axis=0)[..., 0]
    assert changed[35:43, 17:31].min() > 0.9
    assert changed[12:20, 10:38].mean() < 0.05


def test_sunglasses_cover_the_eyes_alone():
    worn = CONDITIONS["sunglasses"](FACES, severity=4, seed=0)
    changed = (worn != FACES).mean(axis=0)[..., 0]
    assert changed[16:20, [15, 33]].min() > 0.9
    assert changed[30:].max() == 0


def test_a_cap_comes_down_to_its_row():
    for severity, row in enumerate((5, 9, 13, 17, 21), start=1):
        worn = CONDITIONS["hair_or_cap"](FACES, severity=severity, seed=0)
        changed = (worn != FACES).mean(axis=0)[..., 0][:, 20:28].mean(axis=1)
        assert changed[: row - 3].min() > 0.9
        assert changed[row + 5 :].max() < 0.2


def test_a_patch_has_the_share_of_the_picture():
    flat = (
        np.full((30, 48, 48, 1), 1, np.uint8) + np.arange(30, dtype=np.uint8)[:, None, None, None]
    )
    for severity, percent in enumerate((5, 12, 22, 36, 55), start=1):
        changed = CONDITIONS["random_patch"](flat, severity=severity, seed=0) != flat
        assert 100 * changed.mean() == pytest.approx(percent, abs=3)


@pytest.mark.pictures
def test_fer_data_draws_them_all_on_one_page(tmp_path):
    from click.testing import CliRunner
    from PIL import Image

    from fer_analysis.cli import main

    words = ["data", "--data", "synthetic", "--set", "data.n=100"]
    words += ["--conditions", "--out", str(tmp_path)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    with Image.open(tmp_path / "conditions.png") as picture:
        assert picture.width > 1000
