"""The sections of a config, their defaults and limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    create_model,
    field_validator,
    model_serializer,
    model_validator,
)

from fer_analysis.config.section import Section
from fer_analysis.config.training_section import TrainingConfig
from fer_analysis.data import LAYOUTS
from fer_analysis.data.augmentation import Augmentation
from fer_analysis.data.synthetic.settings import Settings
from fer_analysis.errors import did_you_mean
from fer_analysis.options import Seed, options_of

SYNTHETIC = "synthetic"

Share = Annotated[float, Field(gt=0, lt=1)]


class ModelConfig(Section):
    """Which model; the other keys are its builder's keyword options."""

    name: str
    """Which network of the table of models."""

    def options(self) -> dict[str, Any]:
        """Return the builder's options."""
        return {key: value for key, value in self if key != "name"}


class LabelsConfig(Section):
    """Whose labels the images have: the data's own, or the annotators' (data/vote_labels.py)."""

    labels: Literal["own", "votes"] = "own"
    """votes: the label that annotators chose; with FER-2013 and FER+ votes, FER+'s benchmark of
    eight labels. Images that they gave no label are left out."""
    vote_targets: Literal["majority", "distribution"] = "majority"
    """With votes, what training images are trained on: their label, or the shares of the votes."""
    minimum_share: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """With votes: an image is used if its first choice has more than this share of the votes."""
    least_votes: Annotated[int, Field(ge=1, le=100)] = 2
    """With votes: an option counts if so many annotators chose it (FER+: 2; 1 counts all votes)."""

    @field_validator("vote_targets", "minimum_share", "least_votes")
    @classmethod
    def _has_an_effect(cls, value: Any, info: ValidationInfo) -> Any:
        default = cls.model_fields[info.field_name].default
        if info.data.get("labels", ...) == "own" and value != default:
            raise ValueError("would have no effect without data.labels: votes")
        return value


class FoldsConfig(LabelsConfig):
    """Which part of the training images a run leaves out, as split `fold` (data/folds.py)."""

    folds: Annotated[int, Field(ge=2, le=100)] | None = None
    """How many parts the training images are divided into; null: none is left out."""
    fold: Annotated[int, Field(ge=0)] | None = Field(None, validate_default=True)
    """Which of them is left out, counted from 0."""
    fold_seed: Seed = 0
    """Of the division into folds."""

    @field_validator("fold")
    @classmethod
    def _one_of_the_folds(cls, fold: int | None, info: ValidationInfo) -> int | None:
        folds = info.data.get("folds", ...)
        if folds is None and fold is not None:
            raise ValueError("requires data.folds, the number of folds")
        if isinstance(folds, int) and (fold is None or fold >= folds):
            raise ValueError(f"expected 0 to {folds - 1}, as data.folds is {folds}")
        return fold


def _known_layout(name: str) -> str:
    if name != "auto" and name not in LAYOUTS:
        raise ValueError(f"unknown layout{did_you_mean(name, ('auto', *LAYOUTS))}")
    return name


class FilesConfig(FoldsConfig):
    """A data set on disk."""

    source: str | None = None
    """The CSV or folder, or `synthetic`; null: the variable FER2013_DIR."""
    layout: Annotated[str, AfterValidator(_known_layout)] = "auto"
    """How the data is laid out: `auto`, or one of the layouts that `fer data --help` lists."""
    protocol: Literal["auto", "official", "kaggle"] = "auto"
    """official: Training, PublicTest and PrivateTest; kaggle: the whole test folder for testing."""
    votes: str | None = None
    """The file of FER+ votes; null: the one beside the data, if there is one."""
    votes_of: str | None = None
    """For folders of images: FER-2013's CSV, whose rows the votes belong to; null: the one beside
    the votes."""
    skip_bad: bool = False
    """Leave damaged rows and files out instead of refusing the data."""
    size: Annotated[int, Field(ge=32, le=512)] = 48
    """Side that images are resized to, pixels; FER-2013 has 48."""
    validation_share: Share = 0.1
    """Share of the training images that becomes validation, where the data has no such split."""
    test_share: Share = 0.1
    """Share of the images that becomes test, where the data has no splits at all."""
    split_seed: Seed = 0
    """Of the splits that are made here."""


class _Synthetic(FoldsConfig):
    """Embedded data: schematic faces, with chosen flaws; the keys are those of `Settings`."""

    source: Literal["synthetic"]
    """Faces that the package draws."""


SyntheticConfig = create_model(
    "SyntheticConfig", __base__=_Synthetic, **options_of(Settings, seed=True)
)


def kind_of_data(value: Any) -> str:
    source = value.get("source") if isinstance(value, dict) else getattr(value, "source", None)
    return SYNTHETIC if source == SYNTHETIC else "files"


DataConfig = Annotated[
    Annotated[FilesConfig, Tag("files")] | Annotated[SyntheticConfig, Tag(SYNTHETIC)],
    Discriminator(kind_of_data),
]


class _Augmentation(Section):
    """Ranges of the random transforms; the keys are those of `Augmentation`."""

    def build(self) -> Augmentation:
        """Return the augmentation itself."""
        return Augmentation(**dict(self))


AugmentationConfig = create_model(
    "AugmentationConfig", __base__=_Augmentation, **options_of(Augmentation)
)


class SwitchesConfig(Section):
    """Entries of a table, each with its options (see `parse.py`).

    `true` or options switch one on, `false` switches it off.
    """

    def chosen(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the entries that are on, with their options, in the order of the table."""
        return [(name, dict(options)) for name, options in self if options is not None]

    @field_validator("*", mode="before")
    @classmethod
    def _switch(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("options are missing; {} or true takes the defaults")
        return {True: {}, False: None}[value] if isinstance(value, bool) else value

    @model_serializer
    def _only_chosen(self) -> dict[str, Any]:
        return dict(self.chosen())


class RemediesConfig(SwitchesConfig):
    """Remedies for rare, ambiguous or badly labelled images: those of `REMEDIES`."""

    @model_validator(mode="after")
    def _one_sampler(self):
        names = [name for name, _ in self.chosen()]
        if {"balanced_sampling", "expansion"} <= set(names):
            raise ValueError("balanced_sampling and expansion exclude each other")
        return self


class ManipulationsConfig(SwitchesConfig):
    """Changes to the training images, to see what they do: those of `MANIPULATIONS`."""


class RunConfig(Section):
    """One run, with every default written out."""

    model: ModelConfig
    """The network and its options."""
    data: DataConfig = FilesConfig()
    """The images."""
    augmentation: AugmentationConfig = AugmentationConfig()
    """Random transforms of the training images."""
    training: TrainingConfig = TrainingConfig()
    """How to train."""
    manipulations: ManipulationsConfig = ManipulationsConfig()
    """Changes to the training images, to see what they do."""
    remedies: RemediesConfig = RemediesConfig()
    """What the recipe does about rare, ambiguous or badly labelled images."""
    seed: Seed = 0
    """Of weights, order and augmentation."""

    def to_yaml(self) -> str:
        """Return the config as YAML that `load_config` reads back."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)
