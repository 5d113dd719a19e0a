"""Say where the time of a training step goes, by kind of operation.

    python scripts/step_profile.py mobilenet

One thread, so that durations add up; float32 unless --precision says otherwise. TensorFlow's
profiler records each operation of a few steps on noise of FER-2013's size; a share is a kind's part
of all of their time.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from fer_analysis.config import load_config
from fer_analysis.models import build_model
from fer_analysis.models.predict import logits_model
from fer_analysis.training.preparation import make_optimizer
from fer_analysis.training.train import trained_twin

STEPS, WARM_UP, LABELS = 8, 3, 7
KINDS = {
    "batch normalisation": ("BatchNorm",),
    "depthwise convolution": ("Depthwise",),
    "convolution": ("Conv2D",),
    "matrix product": ("MatMul",),
    "relu": ("Relu",),
    "pooling": ("Pool",),
    "optimizer and other arithmetic": ("Mul", "Add", "Sub", "Assign", "Sqrt", "Square", "RealDiv"),
}
"""Kind -> what the names of its operations contain; the first that fits counts."""


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="a config, e.g. mobilenet")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    durations = profile(options.config, options.precision)
    whole, by_kind = sum(durations.values()), Counter()
    for name, duration in durations.items():
        by_kind[kind_of(name)] += duration
    print(
        f"{options.config}, {options.precision}: {whole / STEPS * 1e3:.0f} ms in operations a step"
    )
    for kind, duration in by_kind.most_common():
        print(f"{kind:32s}{duration / whole:6.1%}")


def kind_of(name: str) -> str:
    """Return the kind of an operation."""
    return next((kind for kind, parts in KINDS.items() if any(p in name for p in parts)), "other")


def profile(name: str, precision: str) -> dict[str, float]:
    """Return the seconds of each operation over `STEPS` steps."""
    config = load_config(name, ["data.source=synthetic", f"training.precision={precision}"])
    model = build_model(config.model.name, (48, 48, 1), LABELS, **config.model.options())
    trained = logits_model(trained_twin(model, config))
    trained.compile(
        make_optimizer(config.training, STEPS),
        keras.losses.CategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    rng, n = np.random.default_rng(0), config.training.batch_size * STEPS
    images = rng.uniform(0, 255, (n, 48, 48, 1)).astype(np.float32)
    targets = np.eye(LABELS, dtype=np.float32)[np.arange(n) % LABELS]
    steps = tf.data.Dataset.from_tensor_slices((images, targets)).batch(config.training.batch_size)
    trained.fit(steps.take(WARM_UP), shuffle=False, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            trained.fit(steps, shuffle=False, verbose=0)
        [file] = Path(folder).rglob("*.xplane.pb")
        return operations(file.read_bytes())


def operations(recorded: bytes) -> dict[str, float]:
    """Return the seconds of each operation of a profile; an operation is named `NODE:OP`."""
    from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

    seconds = Counter()
    for plane in XSpace.FromString(recorded).planes:
        for line in plane.lines if plane.name.startswith("/host:CPU") else ():
            for event in line.events:
                node, colon, operation = plane.event_metadata[event.metadata_id].name.partition(":")
                operation = operation.split("#")[0]
                if colon and (operation.startswith("_Mkl") or hasattr(tf.raw_ops, operation)):
                    seconds[operation] += event.duration_ps / 1e12
    return seconds


if __name__ == "__main__":
    main()
