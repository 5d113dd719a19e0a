"""The section `training` of a config: its keys, their defaults and limits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from fer_analysis.config.section import Section

MOST_EPOCHS = 100_000


class ScheduleConfig(Section):
    """How the learning rate changes, starting from `training.learning_rate`."""

    name: Literal["constant", "cosine", "exponential"] = "cosine"
    """cosine: down to 0 at the last epoch; exponential: by a factor every few epochs."""
    warmup_epochs: Annotated[float, Field(ge=0, le=MOST_EPOCHS)] = 0
    """cosine: epochs of linear rise from 0."""
    decay: Annotated[float, Field(gt=0, le=1)] = 0.95
    """exponential: factor every `every` epochs."""
    every: Annotated[float, Field(gt=0, le=MOST_EPOCHS)] = 1
    """exponential: epochs after which the rate is multiplied by `decay`."""
    staircase: bool = False
    """exponential: in steps instead of gradually."""


class EarlyStoppingConfig(Section):
    """When to stop, and which epoch is the best one."""

    monitor: Literal["validation_accuracy", "validation_loss", "accuracy", "loss"] = (
        "validation_accuracy"
    )
    """What makes an epoch better than another."""
    patience: Annotated[int, Field(gt=0, le=MOST_EPOCHS)] | None = 10
    """Epochs without improvement before the run stops; null: never."""


class TrainingConfig(Section):
    """How to train. The defaults are the repaired recipe of `configs/self_built.yaml`.

    The paper's own (`configs/paper`) collapses.
    """

    initial_weights: Annotated[str, Field(min_length=1)] | None = None
    """The run whose weights training starts from (a run directory, a .keras file or `bundled`);
    null: random weights. The network must be the same; if the labels differ, its last layer is
    new."""
    epochs: Annotated[int, Field(gt=0, le=MOST_EPOCHS)] = 32
    """How often the training images are shown, at most."""
    batch_size: Annotated[int, Field(gt=0, le=8192)] = 64
    """Images of a step."""
    optimizer: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    """What turns gradients into steps."""
    learning_rate: Annotated[float, Field(gt=0, le=1e30)] = 0.001
    """Size of the steps; see `schedule` for how it changes. 0.001 suits adam, 0.05 suits sgd."""
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """sgd (with Nesterov's) and rmsprop: share of the last step that the next one keeps."""
    weight_decay: Annotated[float, Field(ge=0, le=10)] = 0
    """Share of the weights that a step takes off, times the learning rate."""
    schedule: ScheduleConfig = ScheduleConfig()
    """How the learning rate changes."""
    early_stopping: EarlyStoppingConfig = EarlyStoppingConfig()
    """When to stop, and which epoch is the best one."""
    weight_averaging: Annotated[float, Field(ge=0, lt=1)] = 0
    """Validate and save a moving average of the weights, of which a step keeps this share."""
    image_sizes: Annotated[
        tuple[Annotated[int, Field(ge=16, le=512)], ...], Field(max_length=100)
    ] = ()
    """Sides, in pixels, that images are shown at while training, for equal parts of the epochs;
    none: at their own size."""
    keep: Literal["best", "last"] = "best"
    """Whose weights are saved: the best epoch's by the monitor, or the last one's."""
    images_per_epoch: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """How many images an epoch shows, each label in proportion; null: each image once. With it,
    runs on fewer images take the same number of steps."""
    stop_on_collapse: bool = False
    """Stop as soon as the run predicts one label for every image."""
    deterministic: bool = False
    """Bit-identical repetition on one machine; a little slower."""
    accelerate: bool = True
    """Train with faster versions of Keras's layers (same network, saved with Keras's own)."""
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    """bfloat16: products are rounded to eight binary digits; faster if the CPU has avx512_bf16 or
    amx_bf16, slower otherwise. float16: for graphics cards; the loss is scaled so that small
    gradients are kept. Validation and the saved model use float32."""
    devices: Literal["one", "all"] = "one"
    """all: each step's images are divided among all graphics cards (without one: among the
    logical processors that TensorFlow was given)."""
    log_to: tuple[Literal["tensorboard", "mlflow"], ...] = ()
    """Where every epoch is reported to as well: tensorboard (files in the run directory), mlflow
    (the server of MLFLOW_TRACKING_URI). Each needs the extra of its name."""

    @model_validator(mode="after")
    def _precision_of_twins(self):
        if self.precision != "float32" and not self.accelerate:
            raise ValueError(f"precision {self.precision} needs accelerate: true")
        return self
