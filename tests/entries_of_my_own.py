"""One entry for each table of the package, as a user would write them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from fer_analysis.data.readers.source import RawFaces, Source


def model(input_shape, num_classes, *, width: Annotated[int, Field(ge=1)] = 2):
    import keras

    inputs = keras.Input(input_shape)
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(width, 3, strides=4, activation="relu", name="only")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    logits = keras.layers.Dense(num_classes, name="logits")(x)
    return keras.Model(inputs, keras.layers.Softmax(name="probabilities")(logits))


def remedy(recipe, *, factor: Annotated[int, Field(ge=1, le=5)] = 2):
    return replace(recipe, showings=recipe.showings * factor)


def manipulation(train, *, seed: int, share: Annotated[float, Field(gt=0, le=1)] = 0.5):
    rng = np.random.default_rng(seed)
    return train.take(np.sort(rng.permutation(len(train))[: round(share * len(train))]))


def saliency_method(
    model, images, targets, *, gain: float = 1.0, batch_size: int = 128, progress=None
):
    return gain * images[..., 0].astype(np.float32) / 255


def layout(path):
    """Recognise a folder with a `faces.npy`, uint8 `(n, 48, 48)`, and a `labels.txt`."""
    if not (path / "faces.npy").is_file():
        return "faces.npy"
    return Source(path, ("faces.npy", "labels.txt"), partial(_read, path))


def _read(path, *, skip_bad, size, progress=None):
    images = np.load(path / "faces.npy")[..., None]
    words = (path / "labels.txt").read_text().split()
    names = tuple(sorted(set(words)))
    return RawFaces(
        images=images,
        labels=np.array([names.index(word) for word in words]),
        label_names=names,
        ids=np.arange(len(images)).astype(str),
        split=np.full(len(images), ""),
    )
