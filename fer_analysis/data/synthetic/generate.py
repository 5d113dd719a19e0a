"""The embedded data: drawn faces with FER-2013's labels, and with flaws planted on request.

Every flaw is an argument, so that diagnoses can be tested on data with known flaws. Each label
and split has its own random stream: a flaw planted in one label does not change other labels'
images, and a label's smaller training set is part of its larger one. So the images changed by a
flaw are those that differ from the same data set drawn without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from fer_analysis.data.dataset import DIVISION, FER_LABELS, FaceDataset
from fer_analysis.data.regions.template import REGIONS, SIZE, region_map
from fer_analysis.data.synthetic.action_units import (
    FORMS,
    UNIT_REGIONS,
    UNITS,
    VOTE_NAMES,
    VOTES,
    units,
)
from fer_analysis.data.synthetic.draw import TRAITS, draw
from fer_analysis.data.synthetic.settings import Settings
from fer_analysis.statistics.rounding import round_to_total

ANNOTATORS = 10
FER_TRAINING_COUNTS = (3995, 436, 4097, 7215, 4830, 3171, 4965)
HELD_OUT = 0.1
"""Share of the images in the validation split, and in the test split."""
HELD_OUT_FLOOR = 0.05
"""Least share of each label in a held-out split, so that the scarcest can be evaluated."""
WEAKEST = 0.15
"""Strength of the faintest expressions; the clearest have 1."""
BLEND_CONCENTRATION = 4.0
"""Of the beta distribution of a blend's weights: higher means closer to their mean."""

_CHUNK = 128
_DRAWS = (*TRAITS, *UNITS, "strength", "form", "mixture", "wrong", "order", "phase")


def generate(**settings: object) -> FaceDataset:
    """Draw a data set.

    Args:
        **settings: Fields of `Settings`, where they are described.

    Returns:
        Faces of 48x48 pixels with ids such as `synthetic/test/000123` and the votes of ten
        simulated annotators, who see the face as drawn and not its label.

    Raises:
        FerError: Naming all values that are not as described.

    Example:
        >>> len(generate(n=300, blend={"disgust": ("angry", 0.6)}))
        300
    """
    settings = Settings(**settings)
    parts = []
    for split, sizes in enumerate(_sizes(settings.n, settings.counts)):
        faces = [_plan(settings, label, split, size) for label, size in enumerate(sizes)]
        order = np.argsort(np.concatenate([face.order for face in faces]))
        parts.append(
            (
                np.concatenate([_render(settings, face) for face in faces])[order],
                np.repeat(np.arange(len(sizes)), sizes)[order],
                np.array([f"synthetic/{DIVISION[split]}/{i:06d}" for i in range(len(order))]),
                np.full(len(order), DIVISION[split]),
                np.concatenate([face.votes for face in faces])[order],
            )
        )
    images, labels, ids, split, votes = map(np.concatenate, zip(*parts, strict=True))
    return FaceDataset(images, labels, FER_LABELS, ids, split, votes, VOTE_NAMES)


def _sizes(n: int, counts: Mapping[str, int]) -> list[np.ndarray]:
    """Return the number of images of each label, int64 `(labels,)`, for each of `DIVISION`."""
    held_out = round(n * HELD_OUT)
    train = _share_out(n - 2 * held_out, 1)
    for label, count in counts.items():
        train[FER_LABELS.index(label)] = count
    rest = _share_out(held_out, max(1, round(held_out * HELD_OUT_FLOOR)))
    return [train, rest, rest]


def _share_out(total: int, floor: int) -> np.ndarray:
    """Split `total` in FER-2013's proportions, by largest remainders."""
    exact = total * np.array(FER_TRAINING_COUNTS) / sum(FER_TRAINING_COUNTS)
    scarce = exact < floor
    exact[~scarce] *= (total - floor * scarce.sum()) / exact[~scarce].sum()
    exact[scarce] = floor
    return round_to_total(exact, total)


@dataclass(frozen=True)
class _Faces:
    """The images of one label in one split, not yet drawn."""

    stream: tuple[int, int, int]
    traits: dict[str, np.ndarray]
    actions: np.ndarray
    drawn: np.ndarray
    strength: np.ndarray
    phase: np.ndarray
    order: np.ndarray
    votes: np.ndarray


def _plan(settings: Settings, label: int, split: int, count: int) -> _Faces:
    """Draw all parameters of the images of one label in one split."""
    stream = (settings.seed, label, split)
    rng = np.random.default_rng(stream)
    drawn_at_random = rng.random((count, len(_DRAWS) + ANNOTATORS))
    u = dict(zip(_DRAWS, drawn_at_random.T, strict=False))
    drawn = np.full(count, label)
    other, share = settings.wrong_labels.get(FER_LABELS[label], (None, 0))
    if other:
        drawn[np.argsort(u["wrong"])[: round(share * count)]] = FER_LABELS.index(other)
    strength = WEAKEST + (1 - WEAKEST) * u["strength"] ** 0.6
    actions = np.zeros((count, 2, len(UNITS)), np.float32)
    opinion = np.zeros((count, len(VOTE_NAMES)))
    for expression in np.unique(drawn):
        rows = drawn == expression
        actions[rows], opinion[rows] = _expression(
            settings, FER_LABELS[expression], u["form"][rows], u["mixture"][rows]
        )
        shown = settings.cue_regions.get(FER_LABELS[expression], REGIONS)
        clarity = np.clip((strength[rows, None] - 0.1) / 0.3, 0, 1) * bool(shown)
        opinion[rows] = clarity * opinion[rows] + (1 - clarity) * VOTES[-1]
    vary = 0.75 + 0.4 * np.stack([u[unit] for unit in UNITS], -1)
    actions *= (strength[:, None] * vary)[:, None]
    traits = {k: low + (high - low) * u[k] for k, (low, high) in TRAITS.items()}
    votes = _vote(opinion, drawn_at_random[:, -ANNOTATORS:])
    return _Faces(stream, traits, actions, drawn, strength, u["phase"], u["order"], votes)


def _expression(
    settings: Settings, label: str, form: np.ndarray, mixture: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (actions at full strength, annotators' shares) of faces drawn as `label`.

    Args:
        settings: The flaws.
        label: The label that is drawn.
        form: 0-1 `(n,)`, which of the label's forms each face takes.
        mixture: 0-1 `(n,)`, whether each face is blended, and with which weight.
    """

    def actions(name: str) -> np.ndarray:
        table = np.stack([units(each) for each in FORMS[name][: settings.forms.get(name, 1)]])
        return table[(form * len(table)).astype(int)]

    own = actions(label), VOTES[FER_LABELS.index(label)]
    partner, mean, share = (*settings.blend.get(label, (label, 0)), 1)[:3]
    # A constant weight would identify the label, unlike either expression.
    a, b = BLEND_CONCENTRATION * mean, BLEND_CONCENTRATION * (1 - mean)
    among = np.minimum(mixture / share, 1) if share else mixture  # the blended ones: 0-1 again
    weight = betaincinv(a, b, among) if 0 < mean < 1 else np.full(len(mixture), mean)
    weight = np.where(mixture < share, weight, 0)[:, None]
    other = actions(partner), VOTES[FER_LABELS.index(partner)]
    mixed = (1 - weight[..., None]) * own[0] + weight[..., None] * other[0]
    return mixed, (1 - weight) * own[1] + weight * other[1]


def _vote(opinion: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return votes, int64 `(n, k)`, of annotators with uniform draws `u` `(n, annotators)`."""
    # Without the last limit: rounding may leave it just below 1.
    limits = np.cumsum(opinion, 1)[:, None, :-1]
    choice = (u[:, :, None] >= limits).sum(-1)
    return (choice[:, :, None] == np.arange(opinion.shape[1])).sum(1)


def _render(settings: Settings, faces: _Faces) -> np.ndarray:
    """Return the images, uint8 `(n, 48, 48, 1)`."""
    rng = np.random.default_rng((*faces.stream, 1))
    images = np.empty((len(faces.drawn), SIZE, SIZE, 1), np.uint8)
    for start in range(0, len(images), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(images)))
        traits = {name: values[rows] for name, values in faces.traits.items()}
        clean = draw(traits, faces.actions[rows], jitter=settings.jitter)
        for expression in np.unique(faces.drawn[rows]):
            allowed = settings.cue_regions.get(FER_LABELS[expression])
            if allowed is not None:
                here = faces.drawn[rows] == expression
                clean[here] = _confine(settings, faces, rows[here], clean[here], allowed)
        grain = rng.standard_normal(clean.shape, np.float32) * np.float32(settings.noise)
        images[rows, :, :, 0] = np.clip(np.rint(clean * 255 + grain), 0, 255)
    return images


def _confine(
    settings: Settings,
    faces: _Faces,
    rows: np.ndarray,
    expressive: np.ndarray,
    allowed: Sequence[str],
) -> np.ndarray:
    """Return the faces at rest outside the allowed regions, each of which has a cue."""
    traits = {name: values[rows] for name, values in faces.traits.items()}
    at_rest = draw(traits, np.zeros_like(faces.actions[rows]), jitter=settings.jitter)
    active = (faces.actions[rows] > 0).any(1)
    natural = (active[:, :, None] & UNIT_REGIONS).any(1)
    listed = np.isin(REGIONS, list(allowed))
    pixels = region_map()
    angle = np.pi * faces.drawn[rows][0] / len(FER_LABELS)
    place = np.cos(angle) * np.arange(SIZE)[:, None] + np.sin(angle) * np.arange(SIZE)
    wave = np.sin(2 * np.pi * (place / 4 + faces.phase[rows, None, None]))
    grating = 0.15 * faces.strength[rows, None, None] * wave
    with_cue = np.where(natural[:, pixels], expressive, at_rest + grating)
    return np.where(listed[pixels], with_cue, at_rest)
