"""Faces through a film: found, followed, predicted, smoothed, written row by row."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.evaluation.model_card import read_card
from fer_analysis.faces.detector import detector
from fer_analysis.faces.face import Face
from fer_analysis.faces.film_writer import FilmWriter
from fer_analysis.faces.frames import A_SECOND, Film, Frame
from fer_analysis.faces.framing import crop
from fer_analysis.faces.tracking import PATIENCE, Tracker
from fer_analysis.faces.window import Window
from fer_analysis.figures.face_boxes import BoxedFace, draw_faces
from fer_analysis.files import as_text
from fer_analysis.prediction.batches import distrusted
from fer_analysis.prediction.film_result import (
    ANNOTATED,
    TIMELINE,
    FilmPredictions,
    TrackSummary,
    columns,
)
from fer_analysis.prediction.track import SMOOTH, Smoothed, Track
from fer_analysis.progress import Progress
from fer_analysis.run import Run

Row = dict[str, object]
Find = Callable[[np.ndarray], list[Face]]


class Found(NamedTuple):
    """A face of a frame: where, in which track, and its smoothed prediction."""

    face: Face
    track: int
    smoothed: Smoothed
    label: str
    unsure: bool | None
    reason: str | None


class FilmReader:
    """Follows the faces of a film; memory does not grow with its length.

    Args:
        classifier: A function of crops, uint8 `(n, size, size, 1)`, to a
            `prediction.classifier.Outputs`, with `size`, `label_names`, `temperature` and `rule`.
        find: A function of a picture to its faces; by default YuNet.
        step: Seconds from one frame to the next.
        smooth: Seconds over which probabilities are averaged.
    """

    def __init__(
        self, classifier, *, find: Find | None = None, step: float = 0.0, smooth: float = SMOOTH
    ):
        self._classifier, self._smooth = classifier, smooth
        self._find = find or detector()
        self._tracker = Tracker(max(PATIENCE, 2.5 * step))
        self._open: dict[int, Track] = {}
        self.summaries: list[TrackSummary] = []
        self.frames, self.seconds = 0, 0.0

    @property
    def label_names(self) -> tuple[str, ...]:
        """The network's labels."""
        return self._classifier.label_names

    def read(self, frame: Frame) -> list[Found]:
        """Return the faces of the next frame."""
        self.frames, self.seconds = self.frames + 1, frame.time
        faces = self._find(frame.pixels)
        numbers = self._tracker.update(frame.time, faces)
        self._close(self._open.keys() - self._tracker.open)
        if not faces:
            return []
        size = self._classifier.size
        outputs = self._classifier(
            np.stack([crop(frame.pixels, face, size) for face in faces])[..., None]
        )
        return [
            self._found(frame.time, *each)
            for each in zip(faces, numbers, outputs.probabilities, outputs.reasons, strict=True)
        ]

    def _found(self, time, face, number, probabilities, reason) -> Found:
        track = self._open.setdefault(number, Track(number, self._smooth))
        smoothed = track.add(time, probabilities)
        best = int(smoothed.probabilities.argmax())
        reason = distrusted(face) or reason
        unsure = True if reason else self._unsure(smoothed.probabilities[best])
        track.unsure += bool(unsure)
        name = self._classifier.label_names[best]
        return Found(face, number, smoothed, name, unsure, reason)

    def _unsure(self, confidence: float) -> bool | None:
        if self._classifier.temperature is None:
            return None
        rule = self._classifier.rule
        return rule is None or bool(confidence < rule["least"])

    def finish(self) -> None:
        """Close all tracks."""
        self._close(list(self._open))
        self.summaries.sort(key=lambda summary: summary.track)

    def _close(self, numbers) -> None:
        names = self._classifier.label_names
        known = self._classifier.temperature is not None
        for track in (self._open.pop(number) for number in list(numbers)):
            self.summaries.append(
                TrackSummary(
                    track=track.number,
                    start=track.start,
                    end=track.end,
                    frames=track.frames,
                    independent=track.independent,
                    unsure=track.unsure / track.frames if known or track.unsure else None,
                    probabilities=dict(zip(names, map(float, track.mean), strict=True)),
                )
            )


def read_film(
    classifier,
    film: Film,
    folder: Path,
    *,
    every: int | None,
    draw: bool,
    each: Callable[[Row], None] | None = None,
    progress: Progress,
) -> tuple[FilmReader, bool]:
    """Read a film to its end, or to Ctrl-C, and write the rows and the annotated film.

    Args:
        classifier: See `FilmReader`.
        film: What is read.
        folder: Receives the files.
        every: As `Film.frames` takes it.
        draw: Whether to write the annotated film.
        each: Called with each row.
        progress: Receives a task, and a notice of Ctrl-C.

    Returns:
        The reader with its tracks, and whether the film's end was reached.
    """
    a_second = film.fps / every if every else A_SECOND
    reader, complete = FilmReader(classifier, step=1 / a_second), False
    fps = max(a_second, 1.0)
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(open(folder / TIMELINE, "w", newline="", encoding="utf-8"))
        names = columns(classifier.label_names)
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        drawn = stack.enter_context(FilmWriter(folder / ANNOTATED, fps)) if draw else None
        window = Window(film.name) if film.is_camera else None
        update = stack.enter_context(progress.task("frames"))
        try:
            for frame in film.frames(every):
                found = reader.read(frame)
                for row in (_row(frame, face, names) for face in found):
                    writer.writerow(row)
                    if each:
                        each(row)
                if not _shown(frame, found, drawn, window):
                    break
                if film.count:
                    update(min(frame.index + (every or 1), film.count), film.count)
            else:
                complete = not film.is_camera
        except KeyboardInterrupt:
            progress.notice("stopped: what was predicted until now is kept")
    reader.finish()
    return reader, complete


def _shown(frame: Frame, found: list[Found], drawn, window) -> bool:
    """Draw a frame where it is wanted; return False when the user closed the window."""
    if drawn is None and not (window and window.is_open):
        return True
    pixels = draw_faces(frame.pixels, [_boxed(face) for face in found])
    if drawn:
        drawn.write(pixels, frame.time)
    return window is None or window.show(pixels)


def _boxed(found: Found) -> BoxedFace:
    share = 100 * found.smoothed.probabilities.max()
    text = f"{found.track}: {found.label} {share:.0f} %"
    if found.unsure:
        text = f"{found.track}: unsure ({found.label}?)"
    return BoxedFace(found.face.box, text, bool(found.unsure))


def _row(frame: Frame, found: Found, names: tuple[str, ...]) -> Row:
    place = [round(each, 1) for each in (*found.face.box, found.face.size)]
    smoothed = found.smoothed
    cells = (
        *(frame.index, round(frame.time, 4), found.track, *place, round(found.face.score, 4)),
        *(found.label, "" if found.unsure is None else str(found.unsure).lower()),
        *(found.reason or "", round(float(smoothed.probabilities.max()), 6), smoothed.frames),
        round(smoothed.independent, 2),
        *(round(float(share), 6) for share in smoothed.probabilities),
    )
    return {name: as_text(cell) for name, cell in zip(names, cells, strict=True)}


def film_predictions(
    reader: FilmReader,
    run: Run,
    film: Film,
    *,
    every: int | None,
    complete: bool,
    fingerprint: str,
    folder: Path,
) -> FilmPredictions:
    """Return the result of a film that was read.

    Raises:
        FerError: If it had no frame.
    """
    if not reader.frames:
        damage = film.damage or "no frame could be read"
        raise FerError(damage if film.name in damage else f"{film.name}: {damage}")
    return FilmPredictions(
        run=str(run.path) if run.is_directory else run.name,
        film=film.name,
        frames=reader.frames,
        every=every,
        seconds=reader.seconds,
        complete=complete,
        damage=film.damage,
        remarks=film.remarks,
        tracks=tuple(reader.summaries),
        label_names=tuple(reader.label_names),
        card=read_card(run),
        fingerprint=fingerprint,
        folder=folder,
    )


def moved(film: FilmPredictions, folder: Path) -> FilmPredictions:
    """Return the result with its final folder."""
    return dataclasses.replace(film, folder=folder)
