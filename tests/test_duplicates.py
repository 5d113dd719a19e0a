"""Copies: exact ones as a brute-force count has them, altered ones by planting them."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from fer_layouts import faces, real_faces, training_and_public

from fer_analysis.data.duplicates.cached import find_copies
from fer_analysis.data.duplicates.search import duplicate_groups, exact_groups, near_pairs
from fer_analysis.data.synthetic.generate import generate


def photographs(n, *, seed=0):
    """Return noise with the spectrum of photographs, uint8 `(n, 48, 48)`."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64))
    noise = np.fft.fft2(rng.standard_normal((n, 64, 64))) / np.maximum(frequency, 1 / 64) ** 1.3
    image = np.fft.ifft2(noise).real[:, :48, :48]
    image -= image.mean(axis=(1, 2), keepdims=True)
    image *= 45 / image.std(axis=(1, 2), keepdims=True)
    return np.clip(image + 120, 0, 255).astype(np.uint8)


def planted_copies():
    """Import `scripts/planted_copies.py`, which knows how copies are altered."""
    path = Path(__file__).parent.parent / "scripts" / "planted_copies.py"
    spec = importlib.util.spec_from_file_location("planted_copies", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = planted_copies()
# A frame that shows another part of the photograph is not what is promised.
ALTERATIONS = {name: f for name, f in SCRIPT.ALTERATIONS.items() if "zoomed" not in name}
shifted = SCRIPT.shifted


def found(pairs):
    return set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


@pytest.mark.parametrize("alteration", ALTERATIONS)
def test_planted_copies_are_found_and_nothing_else(alteration):
    originals = photographs(60)
    copies = np.stack([ALTERATIONS[alteration](image) for image in originals[:20]])
    pairs = near_pairs(np.concatenate([originals, copies])[..., None])
    planted = {(row, 60 + row) for row in range(20)}
    assert found(pairs) == planted
    assert pairs.mirrored.all() if "mirrored" in alteration else not pairs.mirrored.any()
    assert (pairs.likeness <= 1.0001).all()


def test_different_photographs_are_no_pairs():
    assert len(near_pairs(photographs(400, seed=1)[..., None])) == 0


@pytest.mark.parametrize("noise", [0, 1, 4])
def test_plain_images_do_not_match_everything(noise):
    rng = np.random.default_rng(0)
    plain = np.array([0, 90, 180, 255, 90])[:, None, None] + rng.normal(0, noise, (5, 48, 48))
    images = np.concatenate([np.clip(plain, 0, 255).astype(np.uint8), photographs(20)])
    assert len(near_pairs(images[..., None])) == 0
    # A spot in one corner of a plain image makes it no copy of a spot in another corner.
    spots = np.full((2, 48, 48), 255, np.uint8)
    spots[0, :12, :12] = spots[1, 30:, 20:40] = 0
    assert len(near_pairs(spots[..., None])) == 0


def test_other_sizes_and_hardly_any_images():
    originals = photographs(3)
    large = np.stack([np.kron(image, np.ones((2, 2), np.uint8)) for image in originals])
    assert found(near_pairs(np.concatenate([large, large[:1, :, ::-1]])[..., None])) == {(0, 3)}
    for images in (originals[:1], originals[:0], np.zeros((2, 48, 48), np.uint8)):
        assert len(near_pairs(images[..., None])) == 0
    assert exact_groups(originals[:0, ..., None]).tolist() == []


def test_exact_groups_equal_a_brute_force_count():
    rng = np.random.default_rng(0)
    images = photographs(30)[rng.integers(0, 30, 80)][..., None]
    expected = [
        next(i for i in range(80) if np.array_equal(images[i], images[j])) for j in range(80)
    ]
    assert exact_groups(images).tolist() == expected


def test_groups_join_identical_images_and_chains_of_altered_ones():
    image, other = photographs(2)
    chain = [image, other, shifted(image, 0, 3), image, shifted(shifted(image, 0, 3), 0, 3)]
    images = np.stack(chain)[..., None]
    groups = duplicate_groups(exact_groups(images), near_pairs(images))
    assert groups[0] == groups[2] == groups[3] == groups[4] != groups[1]


def test_images_that_are_all_alike_are_one_group_without_every_pair():
    rng = np.random.default_rng(0)
    frames = photographs(1) + rng.normal(0, 3, (160, 48, 48))
    images = np.clip(frames, 0, 255).astype(np.uint8)[..., None]
    pairs = near_pairs(images)
    assert len(set(duplicate_groups(exact_groups(images), pairs))) == 1
    assert len(pairs) < 160 * 159 / 2


def test_the_search_is_done_once_for_the_same_pixels(monkeypatch):
    images = np.concatenate([photographs(9), photographs(1)])[..., None]
    images[9] = images[0, :, ::-1]
    first = find_copies(images)
    monkeypatch.setattr(
        "fer_analysis.data.duplicates.cached.near_pairs", lambda *_, **__: pytest.fail()
    )
    again = find_copies(images.copy())
    assert np.array_equal(first.groups, again.groups)
    assert again.groups[0] == again.groups[9]
    with pytest.raises(pytest.fail.Exception):
        find_copies(images[:9])


def test_a_damaged_or_forbidden_cache_is_no_obstacle(tmp_path, monkeypatch):
    images = photographs(4)[..., None]
    find_copies(images)
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(file.read_bytes()[:50])
    assert len(find_copies(images).near) == 0
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("FER_CACHE_DIR", str(tmp_path / "file" / "cache"))
    assert len(find_copies(images).near) == 0


def test_planted_copies_of_real_faces_are_found():
    """1,000 real faces, 20 altered copies of each kind: nearly all are found."""
    real = real_faces(72).images[..., 0]
    real = real[np.unique(exact_groups(real))]
    for name, alter in ALTERATIONS.items():
        sources = np.random.default_rng(len(name)).choice(len(real), 20, replace=False)
        sources = sources[real[sources].reshape(20, -1).std(axis=1) > 20]
        images = np.concatenate([real, np.stack([alter(real[row]) for row in sources])])
        pairs = found(near_pairs(images[..., None]))
        hits = sum((row, len(real) + i) in pairs for i, row in enumerate(sources.tolist()))
        assert hits >= len(sources) - 1, name


def test_exact_groups_of_real_faces_equal_a_brute_force_count():
    images = training_and_public().images
    counts = Counter(image.tobytes() for image in images)
    sizes = np.bincount(exact_groups(images))
    assert sorted(sizes[sizes > 1]) == sorted(c for c in counts.values() if c > 1)
    assert (sizes > 1).sum() == 1282


def test_noise_has_no_copies_and_drawn_faces_no_identical_ones():
    assert len(near_pairs(faces(200).images)) == 0
    drawn = generate(n=200).images
    assert np.array_equal(exact_groups(drawn), np.arange(200))
