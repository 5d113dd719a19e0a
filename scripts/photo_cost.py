#!/usr/bin/env python3
"""Measure what the way from a photo to an answer costs in accuracy.

    python scripts/photo_cost.py --data fer2013.csv --n 500 --out configs/results/photos

Held-out crops of FER-2013 are enlarged, pasted into photos of a soft, noisy ground, found again by
the detector, cropped, and answered, beside the same crops as they are: by the face's size in the
photo, by its tilt, by how much of it the picture's edge cuts off, by an error of the detector's
box, and by label. Answers of faces that were found are compared in pairs, image by image; those
that are not unsure are counted as well. And how often two boxes that are off by chance give the
same face two labels, one box each or the average of five. Writes OUT.csv (a row a condition) and
OUT.json; `--card` puts the figures of usual faces into the card of the bundled network.

The pasted crop ends at its edges, where a real head goes on, so that faces are found somewhat less
often than in real photos; what is found on the ground alone is counted as false.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
from PIL import Image

from fer_analysis.data.load import load_data
from fer_analysis.errors import FerError
from fer_analysis.faces.detector import detector
from fer_analysis.faces.face import Face, overlaps
from fer_analysis.faces.framing import crop
from fer_analysis.files import read_json, write_csv, write_json
from fer_analysis.prediction.batches import distrusted
from fer_analysis.prediction.predict import open_classifier
from fer_analysis.run import WEIGHTS, Run
from fer_analysis.statistics.bootstrap import bootstrap, bootstrap_estimate
from fer_analysis.statistics.estimate import Estimate, to_json
from fer_analysis.statistics.intervals import proportion
from fer_analysis.text import estimate, points

SIZES = (24, 32, 48, 64, 96, 128, 192)
TILTS = (10, 20, 30, 45)
CUTS = (0.1, 0.2, 0.3, 0.4, 0.5)
"""Share of the face that the picture's edge cuts off, on each of its sides in turn."""

JITTERS = (0.03, 0.06, 0.12)
"""Standard deviation of the box's place and of its size, as a share of its size."""

SURE = ("not_unsure", "correct_of_not_unsure")
USUAL = 128
"""Pixels of the faces that are tilted, cut off, or whose boxes are moved."""

AVERAGED = 5
"""Moved boxes whose probabilities are averaged."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default=os.environ.get("FER2013_DIR"), help="FER-2013")
    parser.add_argument("--run", default="bundled", help="whose network (%(default)s)")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--n", type=int, default=500, help="faces, drawn at random (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write OUT.csv and OUT.json")
    parser.add_argument("--card", action="store_true", help="write to the bundled network's card")
    options = parser.parse_args()
    try:
        measure(options)
    except FerError as error:
        raise SystemExit(f"Error: {error}") from None


def measure(options: argparse.Namespace) -> None:
    """Measure and print everything that the command line asks for."""
    if options.data is None:
        raise FerError("no data: name it with --data PATH, or set FER2013_DIR")
    part = load_data(options.data).dataset.part(options.split)
    rng = np.random.default_rng(options.seed)
    rows = rng.permutation(len(part))[: options.n]
    faces = part.take(np.sort(rows))
    trial = Trial(open_classifier(Run.open(options.run)), faces, options.seed)
    print(f"{len(faces):,} faces of {options.split}, seed {options.seed}")
    print(f"the crops as they are: {estimate(trial.baseline)}")
    conditions = [trial.photos(f"{size} pixels", size) for size in SIZES]
    conditions += [trial.photos(f"tilt {tilt}", USUAL, tilt) for tilt in TILTS]
    conditions += [
        trial.photos(f"{100 * cut:.0f} % cut off by the edge", USUAL, cut=cut) for cut in CUTS
    ]
    conditions += [trial.moved(f"box moved by {100 * sd:.0f} %", sd) for sd in JITTERS]
    conditions.append(trial.averaged())
    for row in conditions:
        print(_line(row))
    stability = trial.stability()
    for row in stability:
        print(
            f"two times {row['boxes']}, off by {100 * row['off']:.0f} %: other labels for "
            f"{estimate(row['differ'])}; where both are not unsure {estimate(row['sure'])}"
        )
    by_label = trial.by_label()
    for name, row in by_label.items():
        print(f"  {name:10} {_points(row['difference'])}, n = {row['difference'].n}")
    false = trial.false_faces()
    print(f"photos without a face in which one is found: {estimate(false)}")
    if options.out:
        write_csv(options.out.with_suffix(".csv"), [_flat(row) for row in conditions])
        record = {
            "run": options.run,
            "split": options.split,
            "n": len(faces),
            "seed": options.seed,
            "baseline": trial.baseline,
            "conditions": conditions,
            "stability": stability,
            "by_label": {"pixels": USUAL, "labels": by_label},
            "photos_without_face": false,
            "seconds_a_photo": trial.seconds,
        }
        write_json(options.out.with_suffix(".json"), to_json(record))
    if options.card:
        usual = conditions[SIZES.index(USUAL)]
        told = {key: usual[key] for key in ("found", "difference", "changed")}
        card = read_json(WEIGHTS / "card.json") | {"photos": {"pixels": USUAL} | to_json(told)}
        write_json(WEIGHTS / "card.json", card)


class Trial:
    """The same faces as crops and in photos.

    Args:
        classifier: The network.
        faces: What is pasted, a `FaceDataset`.
        seed: Of the grounds and of the boxes' errors.
    """

    def __init__(self, classifier, faces, seed: int):
        self.classifier, self.faces, self.seed = classifier, faces, seed
        self.plain = classifier(faces.images).labels
        correct = self.plain == faces.labels
        self.baseline = proportion(int(correct.sum()), len(faces))
        self.seconds: dict[str, float] = {}
        self._usual = np.zeros(len(faces), bool), self.plain

    def photos(self, name: str, side: int, tilt: float = 0.0, cut: float = 0.0) -> dict:
        """Paste each face with `side` pixels, turned or cut off; find and answer it."""
        rng = np.random.default_rng((self.seed, side, int(tilt + 100 * cut)))
        crops, extra, where = [], 0, []
        start = time.process_time()
        for index, image in enumerate(self.faces.images[..., 0]):
            photo, place = paste(image, side, tilt, rng)
            if cut:
                photo, place = cut_off(photo, place, cut, index % 4)
            faces = detector()(photo)
            shared = overlaps(np.array([place]), np.array([face.box for face in faces]))[0]
            best = int(shared.argmax()) if len(faces) and shared.max() > 0.2 else None
            extra += len(faces) - (best is not None)
            where.append(None if best is None else faces[best])
            crops.append(image if best is None else crop(photo, faces[best]))
        outputs = self.classifier(np.stack(crops)[..., None])
        self.seconds[name] = (time.process_time() - start) / len(self.faces)
        found = np.array([face is not None for face in where])
        if side == USUAL and not tilt and not cut:
            self._usual = found, outputs.labels
        sure = found & ~outputs.unsure & [distrusted(face) is None for face in where]
        return self._row(name, outputs.labels, found, sure) | {"false_faces": extra}

    def moved(self, name: str, sd: float) -> dict:
        """Cut each face from its enlarged crop with a box that is off by chance."""
        outputs = self.classifier(self._cut(sd, 0))
        return self._row(name, outputs.labels, np.ones(len(self.faces), bool), ~outputs.unsure)

    def averaged(self) -> dict:
        """Average the probabilities of several boxes that are off by the middle error."""
        sd = JITTERS[1]
        shares = self._averaged(sd, AVERAGED, 0)
        name = f"{AVERAGED} boxes moved by {100 * sd:.0f} %, averaged"
        return self._row(
            name, shares.argmax(axis=1), np.ones(len(shares), bool), self._sure(shares)
        )

    def stability(self) -> list[dict]:
        """Return how often the same face has two labels, by boxes that are off by chance."""
        rows = []
        for sd in JITTERS:
            for boxes in (1, AVERAGED):
                pair = [self._averaged(sd, boxes, draw * boxes) for draw in range(2)]
                first, second = (shares.argmax(axis=1) for shares in pair)
                sure = np.logical_and(*map(self._sure, pair))
                differ = first != second
                rows.append(
                    {
                        "off": sd,
                        "boxes": boxes,
                        "differ": proportion(int(differ.sum()), len(differ)),
                        "sure": proportion(int(differ[sure].sum()), int(sure.sum())),
                    }
                )
        return rows

    def _averaged(self, sd: float, boxes: int, first: int) -> np.ndarray:
        draws = range(first, first + boxes)
        return np.mean([self.classifier(self._cut(sd, i)).probabilities for i in draws], axis=0)

    def _sure(self, shares: np.ndarray) -> np.ndarray:
        rule = self.classifier.rule
        return shares.max(axis=1) >= (rule["least"] if rule else np.inf)

    def _cut(self, sd: float, draw: int) -> np.ndarray:
        rng = np.random.default_rng((self.seed, int(1000 * sd), draw))
        cuts = []
        for image in self.faces.images[..., 0]:
            photo, (left, top, width, height) = paste(image, USUAL, 0, rng)
            dx, dy, growth = sd * rng.standard_normal(3)
            side = width * np.exp(growth)
            x, y = left + width * (0.5 + dx), top + height * (0.5 + dy)
            cuts.append(crop(photo, Face((x - side / 2, y - side / 2, side, side), score=1.0)))
        return np.stack(cuts)[..., None]

    def _row(self, name: str, labels: np.ndarray, found: np.ndarray, sure: np.ndarray) -> dict:
        known = self.faces.labels[found]
        there, plain = labels[found] == known, self.plain[found] == known
        return {
            "condition": name,
            "found": proportion(int(found.sum()), len(found)),
            "accuracy": proportion(int(there.sum()), len(there)),
            "crops": proportion(int(plain.sum()), len(plain)),
            "difference": paired(there, plain),
            "changed": proportion(int((labels != self.plain)[found].sum()), int(found.sum())),
            "not_unsure": proportion(int(sure.sum()), int(found.sum())),
            "correct_of_not_unsure": proportion(
                int((labels == self.faces.labels)[sure].sum()), int(sure.sum())
            ),
        }

    def by_label(self) -> dict:
        """Return the difference of each label's recall, of faces of the usual size."""
        found, labels = self._usual
        result = {}
        for index, name in enumerate(self.faces.label_names):
            own = found & (self.faces.labels == index)
            there, plain = labels[own] == index, self.plain[own] == index
            result[name] = {"difference": paired(there, plain)}
        return result

    def false_faces(self, n: int = 200) -> Estimate:
        """Return the share of photos of the ground alone in which a face is found."""
        rng = np.random.default_rng((self.seed, 1))
        return proportion(sum(bool(detector()(ground(320, 240, rng))) for _ in range(n)), n)


def paste(
    image: np.ndarray, side: int, tilt: float, rng, size: tuple[int, int] | None = None
) -> tuple[np.ndarray, tuple]:
    """Return a photo with a face at a random place, and the square (left, top, w, h) of it.

    Args:
        image: The face, uint8 `(h, w)`.
        side: Its pixels in the photo.
        tilt: Degrees by which it is turned, one way or the other.
        rng: Of the ground and of the place.
        size: Width and height of the photo; by default about twice the face.
    """
    width, height = size or (max(200, round(2.2 * side)), max(160, round(1.8 * side)))
    photo = Image.fromarray(ground(width, height, rng))
    how = Image.Resampling.LANCZOS if side < 48 else Image.Resampling.BICUBIC
    face = Image.fromarray(image).convert("RGB").resize((side, side), how)
    margin = round(0.25 * side)
    left = int(rng.integers(margin, width - side - margin + 1))
    top = int(rng.integers(margin, height - side - margin + 1))
    layer, mask = Image.new("RGB", photo.size), Image.new("L", photo.size)
    layer.paste(face, (left, top))
    mask.paste(255, (left, top, left + side, top + side))
    if tilt:
        turn = {"resample": Image.Resampling.BICUBIC, "center": (left + side / 2, top + side / 2)}
        sign = rng.choice((-1, 1))
        layer, mask = layer.rotate(sign * tilt, **turn), mask.rotate(sign * tilt, **turn)
    photo.paste(layer, (0, 0), mask)
    return np.asarray(photo), (left, top, side, side)


def cut_off(photo: np.ndarray, place: tuple, share: float, side: int) -> tuple:
    """Return the photo without a share of the face on one side (0 to 3), and the face's place."""
    left, top, width, height = place
    gone = round(share * width)
    if side == 0:
        return photo[:, left + gone :], (-gone, top, width, height)
    if side == 1:
        return photo[top + gone :], (left, -gone, width, height)
    kept = photo[:, : left + width - gone] if side == 2 else photo[: top + height - gone]
    return kept, place


def ground(width: int, height: int, rng) -> np.ndarray:
    """Return a ground of soft patches in colour with a little noise, uint8 `(h, w, 3)`."""
    patches = rng.integers(40, 210, (6, 8, 3)).astype(np.uint8)
    soft = Image.fromarray(patches).resize((width, height), Image.Resampling.BICUBIC)
    noisy = np.asarray(soft) + rng.normal(0, 4, (height, width, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def paired(there: np.ndarray, plain: np.ndarray) -> Estimate:
    """Return the difference of two accuracies on the same faces, with its bootstrap interval."""
    difference = there.astype(float) - plain
    if not len(difference):
        return Estimate(None, n=0)
    n = len(difference)
    draws = bootstrap(lambda weights: weights @ difference / n, n)
    return bootstrap_estimate(float(difference.mean()), draws, n)


def _points(figure: Estimate) -> str:
    return points(figure.value, figure.interval)


def _line(row: dict) -> str:
    return (
        f"{row['condition']:32} found {estimate(row['found'])}, accuracy "
        f"{estimate(row['accuracy'])}, {_points(row['difference'])} points, "
        f"changed {estimate(row['changed'])}, not unsure {estimate(row['not_unsure'])}, "
        f"correct of these {estimate(row['correct_of_not_unsure'])}"
    )


def _flat(row: dict) -> dict:
    """Return a condition as a row of the CSV."""
    flat = {"condition": row["condition"], "n_found": row["difference"].n}
    for key in ("found", "accuracy", "crops", "difference", "changed", *SURE):
        for end in ("value", "low", "high"):
            value = getattr(row[key], end)
            flat[f"{key}_{end}"] = "" if value is None else round(value, 4)
    return flat | {"false_faces": row.get("false_faces", "")}


if __name__ == "__main__":
    main()
