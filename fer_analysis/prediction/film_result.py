"""What a film showed: its tracks, and the folder with the rows of every frame."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.evaluation.model_card import card_lines
from fer_analysis.files import as_text, from_text, read_json, write_json
from fer_analysis.prediction.predictions import EXPRESSION

TIMELINE, SUMMARY, PICTURE, ANNOTATED = (
    *("timeline.csv", "film.json"),
    *("timeline.png", "annotated.mp4"),
)

NOTES = (
    "faces are found by YuNet, which misses some and sees some where there are none; a face that "
    "leaves for more than a second becomes another track",
    EXPRESSION,
    "probabilities are averaged over time; neighbouring frames resemble each other, so they count "
    "as fewer independent ones, and what is wrong for a face in all frames no average removes",
)


@dataclass(frozen=True)
class TrackSummary:
    """One face through a film.

    Args:
        track: Its number, from 1.
        start: Seconds of its first frame.
        end: Seconds of its last frame.
        frames: In how many of the sampled frames it was found.
        independent: As how many independent frames these count.
        unsure: Share of its frames whose smoothed prediction is unsure; None where the network
            has no threshold.
        probabilities: Label -> average over all its frames.
    """

    track: int
    start: float
    end: float
    frames: int
    independent: float
    unsure: float | None
    probabilities: dict[str, float]

    @property
    def label(self) -> str:
        """The label of the highest average probability."""
        return max(self.probabilities, key=self.probabilities.get)

    def as_dict(self) -> dict:
        """Return the track ready for JSON."""
        return {
            "track": self.track,
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "frames": self.frames,
            "independent_frames": round(self.independent, 1),
            "label": self.label,
            "unsure": None if self.unsure is None else round(self.unsure, 4),
            "probabilities": {name: round(p, 6) for name, p in self.probabilities.items()},
        }


@dataclass(frozen=True)
class FilmPredictions:
    """What `predict_film` returns.

    Args:
        run: The run whose network it is: its directory, or its name.
        film: The file, the folder, or the camera.
        frames: How many frames were looked at.
        every: Of so many frames one was; None where the file tells no steady rate, so that they
            were chosen by their times.
        seconds: The time of the last one.
        complete: Whether the film was read to its end; not where the user stopped it.
        damage: What is wrong with the film; None if nothing is.
        remarks: What else was met while it was read, one line each.
        tracks: The faces, in the order of their first frames.
        label_names: The labels, in the network's order.
        card: The network's card; None for a bare model.
        fingerprint: Of the film's place and the network.
        folder: Where `timeline.csv` is, a row for each face of each frame.
    """

    run: str
    film: str
    frames: int
    every: int | None
    seconds: float
    complete: bool
    damage: str | None
    remarks: tuple[str, ...]
    tracks: tuple[TrackSummary, ...]
    label_names: tuple[str, ...]
    card: dict | None
    fingerprint: str
    folder: Path

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know, one line each."""
        damage = [self.damage] if self.damage else []
        return (*damage, *self.remarks, *NOTES, *card_lines(self.card))

    def as_dict(self) -> dict:
        """Return everything but the rows, ready for JSON."""
        return {
            "run": self.run,
            "film": self.film,
            "fingerprint": self.fingerprint,
            "frames": self.frames,
            "every": self.every,
            "seconds": round(self.seconds, 3),
            "complete": self.complete,
            "damage": self.damage,
            "notes": list(self.notes),
            "label_names": list(self.label_names),
            "tracks": [track.as_dict() for track in self.tracks],
        }

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield the rows of `timeline.csv`, one at a time."""
        with open(self.folder / TIMELINE, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                yield {from_text(name): from_text(cell) for name, cell in row.items()}


def columns(label_names: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of `timeline.csv`."""
    return (
        *("frame", "seconds", "track", "left", "top", "width", "height", "size", "score"),
        *("label", "unsure", "reason", "probability", "frames", "independent_frames"),
        *(as_text(name) for name in label_names),
    )


def save_summary(film: FilmPredictions, folder: Path) -> None:
    """Write `film.json`."""
    write_json(folder / SUMMARY, film.as_dict())


def is_result(folder: Path) -> bool:
    """Return whether a folder holds the results of a film."""
    return {"film", "tracks"} <= (read_json(folder / SUMMARY) or {}).keys()
