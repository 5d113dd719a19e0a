"""Networks that a run starts from instead of random weights, and what is recorded of them."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import keras

from fer_analysis.errors import FerError
from fer_analysis.evaluation.trained_conditions import trained_conditions
from fer_analysis.files import content_hash
from fer_analysis.models.storage import load_model
from fer_analysis.run import Run


@dataclass(frozen=True)
class Source:
    """A network that a run starts from, or learns from.

    Args:
        name: The RUN, as the config names it.
        run: The same, opened.
        fingerprint: Of its model's file.
    """

    name: str
    run: Run
    fingerprint: str

    @classmethod
    def of(cls, name: str) -> Source:
        """Open a RUN.

        Raises:
            FerError: If it does not exist or has no model.
        """
        run = Run.open(name)
        return cls(name, run, content_hash(run.trained_model_file()))

    def record(self) -> dict:
        """Return what is kept of it with the run, ready for JSON."""
        record = {"run": Path(self.name).name, "fingerprint": self.fingerprint}
        with contextlib.suppress(FerError):  # a config that is not read any more
            record["conditions"] = sorted(trained_conditions(self.run))
        return record


def load_initial_weights(name: str, model: keras.Model, label_names: tuple[str, ...]) -> str:
    """Put another run's weights into a model that was just built.

    Args:
        name: A RUN: a run directory, a `.keras` file or `bundled`.
        model: The model; changed in place.
        label_names: Its labels, in order. If the run has others, its last layer is left out.

    Returns:
        A sentence for the user: whose weights it starts from, and whether its last layer is new.

    Raises:
        FerError: If there is no such run, or its network is not the same but for its last layer.
    """
    theirs, their_names = load_model(Run.open(name).trained_model_file())
    layers, their_layers = _layers(model), _layers(theirs)
    new_head = their_names != label_names
    if new_head:
        layers, their_layers = layers[:-1], their_layers[:-1]
    shapes, their_shapes = _shapes(layers), _shapes(their_layers)
    if shapes != their_shapes:
        differ = [f"{a}, there {b}" for a, b in zip(shapes, their_shapes, strict=False) if a != b]
        counts = f"{len(shapes)} layers with weights, there {len(their_shapes)}"
        raise FerError(
            f"training.initial_weights: {name} is another network than the config's; "
            "the model and its options must be those of that run",
            [counts, *differ[:3]],
        )
    for layer, their_layer in zip(layers, their_layers, strict=True):
        layer.set_weights(their_layer.get_weights())
    told = f"starts from the weights of {name}"
    if not new_head:
        return told
    what = f"are {', '.join(their_names)}" if their_names else "are not known"
    return f"{told} but for the last layer, which is new: its labels there {what}"


def _layers(model: keras.Model) -> list[keras.layers.Layer]:
    return [layer for layer in model.layers if layer.weights]


def _shapes(layers: list[keras.layers.Layer]) -> list[str]:
    return [
        f"{type(layer).__name__} {[tuple(weight.shape) for weight in layer.weights]}"
        for layer in layers
    ]
