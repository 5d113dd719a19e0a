"""Predictions of a batch with the pictures that were asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.errors import FerError
from fer_analysis.prediction.batches import Classified
from fer_analysis.prediction.find_images import Found
from fer_analysis.prediction.predictions import Prediction, Unreadable
from fer_analysis.progress import Progress

if TYPE_CHECKING:
    from fer_analysis.prediction.drawings import Drawings
    from fer_analysis.prediction.overlays import Overlays


class Pictures:
    """Turns a network's outputs into predictions, and draws them.

    Args:
        images: All images, as `batches.classify` takes them.
        label_names: The network's labels.
        overlays: Draws where the network looked; None draws nothing.
        drawings: Draws the faces of each photo; None draws nothing.
        progress: Receives a notice for each picture that cannot be written.
    """

    def __init__(
        self,
        images: Sequence,
        label_names: Sequence[str],
        *,
        overlays: Overlays | None,
        drawings: Drawings | None,
        progress: Progress,
    ):
        self._images, self._names = images, label_names
        self._overlays, self._drawings, self._progress = overlays, drawings, progress

    def predictions(
        self, batch: Sequence[Classified | Unreadable]
    ) -> Iterator[Prediction | Unreadable]:
        """Yield what there is of each image of a batch, in order."""
        for source, group in groupby(batch, key=_source):
            items = [self._prediction(item) for item in group]
            if self._drawings and isinstance(items[0], Prediction) and items[0].face:
                items = self._drawn(source, items)
            yield from items

    def _prediction(self, item: Classified | Unreadable) -> Prediction | Unreadable:
        if isinstance(item, Unreadable):
            return item
        shares = map(float, item.probabilities)
        overlays = self._overlays
        return Prediction(
            image=_name(item.source),
            label=self._names[item.label],
            probabilities=dict(zip(self._names, shares, strict=True)),
            unsure=item.unsure,
            reason=item.reason,
            labels=None if item.labels is None else self._set(item),
            oblong=item.seen.oblong,
            face=item.seen.face,
            number=item.seen.number,
            unsearched=item.seen.unsearched,
            bits=item.seen.bits,
            animated=item.seen.animated,
            overlay=overlays and self._written(item.source, lambda: overlays.write(item)),
        )

    def _set(self, item: Classified) -> tuple[str, ...]:
        """Return the labels of a set, the most probable first."""
        order = (-item.probabilities).argsort(kind="stable").tolist()
        return tuple(self._names[label] for label in order if item.labels[label])

    def _drawn(self, source: Found | int, faces: list[Prediction]) -> list[Prediction]:
        image = self._images[source] if isinstance(source, int) else source.path
        path = self._written(source, lambda: self._drawings.write(source, image, faces))
        return [dataclasses.replace(face, drawing=path) for face in faces]

    def _written(self, source: Found | int, write: Callable[[], Path]) -> Path | None:
        """Write one picture; one that cannot be written is a notice and not the end."""
        try:
            return write()
        except (OSError, FerError) as error:
            name = f"image {source}" if isinstance(source, int) else source.path
            reason = getattr(error, "strerror", None) or error
            self._progress.notice(f"{name}: no picture written ({reason})")
            return None


def _source(item: Classified | Unreadable) -> Found | int | Path:
    return item.image if isinstance(item, Unreadable) else item.source


def _name(source: Found | int) -> Path | int:
    return source if isinstance(source, int) else source.path
