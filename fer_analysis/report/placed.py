"""Which faces are on the page: the run's, those that they are copies of, training images."""

from __future__ import annotations

import numpy as np

from fer_analysis.report.facts import Facts
from fer_analysis.report.saved_run import SavedRun
from fer_analysis.report.sprites import Sprites
from fer_analysis.saliency.maps import SaliencyMaps


def sprites_of(saved: SavedRun, facts: Facts, maps: SaliencyMaps | None) -> Sprites:
    """Return sprites of the run's faces, of those that they are copies of, and of samples."""
    images = list(saved.images)
    if facts.partner_images is not None:
        images += list(facts.partner_images)
    if facts.samples:
        images += list(saved.dataset.images[np.concatenate(facts.samples), ..., 0])
    return Sprites(images, maps, saved.evaluation.ids)


def samples_of(saved: SavedRun, facts: Facts, sprites: Sprites) -> list[dict]:
    """Return some training images of each label, as `name`, `n` and `faces` to draw."""
    sprites.new_sprite()
    row = len(saved.evaluation) + len(facts.partners if facts.partner_images is not None else ())
    made = []
    counts = saved.dataset.counts().get("train", [])
    for label, rows in enumerate(facts.samples):
        faces = [{"place": sprites.place(row + i)} for i in range(len(rows))]
        row += len(faces)
        name = saved.evaluation.label_names[label]
        made.append({"name": name, "n": int(counts[label]), "faces": faces})
    return made
