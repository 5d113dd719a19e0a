"""Out-of-fold probabilities: predictions of training images by networks that never saw them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from fer_analysis.config import RunConfig, load_config
from fer_analysis.data.load import LoadedData
from fer_analysis.data.open import open_data
from fer_analysis.errors import FerError
from fer_analysis.files import replacing
from fer_analysis.progress import Progress
from fer_analysis.run import Run
from fer_analysis.tensorflow_setup import import_tensorflow_quietly

CONFIG = "fast"
"""The shipped config that the networks are trained with."""

FOLDS = "folds"


@dataclass(frozen=True)
class OutOfFold:
    """Probabilities of every training image, by a network that was not trained on it.

    Args:
        probabilities: float16 `(t, k)`, in the order of the data's training images.
        ids: str `(t,)`, those images.
        fingerprint: Of the data they were made from, no fold left out.
        label_names: The k labels.
        folds: How many networks it took.
    """

    probabilities: np.ndarray
    ids: np.ndarray
    fingerprint: str
    label_names: tuple[str, ...]
    folds: int

    FILE: ClassVar[str] = "out_of_fold.npz"
    """Its name in an audit's folder."""

    def save(self, path: Path) -> None:
        with replacing(path) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(
                file,
                probabilities=self.probabilities,
                ids=self.ids,
                fingerprint=self.fingerprint,
                label_names=np.array(self.label_names),
                folds=self.folds,
            )

    @classmethod
    def load(cls, path: Path) -> OutOfFold:
        """Read what `save` wrote.

        Raises:
            FerError: If the file is none of these.
        """
        try:
            with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
                return cls(
                    probabilities=file["probabilities"],
                    ids=file["ids"],
                    fingerprint=str(file["fingerprint"]),
                    label_names=tuple(file["label_names"].tolist()),
                    folds=int(file["folds"]),
                )
        except FileNotFoundError:
            raise FerError(f"{path}: no such file of out-of-fold probabilities") from None
        except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
            raise FerError(f"{path}: not a file that `fer audit --folds` wrote ({error})") from None

    def check(self, data: LoadedData, path: Path) -> None:
        """Refuse probabilities that are not of this data.

        Raises:
            FerError: Saying what differs.
        """
        train = data.dataset.split == "train"
        if self.fingerprint != data.fingerprint:
            what = f"of other data (fingerprint {self.fingerprint}, here {data.fingerprint})"
        elif self.label_names != data.dataset.label_names:
            what = f"of other labels ({', '.join(self.label_names)})"
        elif self.probabilities.shape != (train.sum(), len(self.label_names)):
            what = f"of shape {self.probabilities.shape}, for {train.sum()} training images"
        elif not np.array_equal(self.ids, data.dataset.ids[train]):
            what = "of the same images in another order"
        elif not np.allclose(self.probabilities.astype(float).sum(axis=1), 1, atol=0.01):
            what = "damaged: rows do not sum to 1"
        else:
            return
        raise FerError(f"{path}: probabilities {what}")


def out_of_fold(
    data: LoadedData,
    overrides: Sequence[str],
    *,
    folds: int,
    folder: Path,
    progress: Progress,
) -> OutOfFold:
    """Train a network on all folds but one, for each fold, and predict that one with it.

    Every network is an ordinary run below `folder/folds`; finished ones are kept, one that was
    interrupted goes on from its checkpoint.

    Args:
        data: The data as audited, no fold left out.
        overrides: `key.path=value` each, over the config `fast`.
        folds: How many.
        folder: The audit's folder.
        progress: Receives the trainings and notices.

    Raises:
        FerError: If the data has no description to read it again by, a run of another config is
            in the way, or the data changes meanwhile.
    """
    import_tensorflow_quietly()
    section = _section(data)
    dataset = data.dataset
    train = np.flatnonzero(dataset.split == "train")
    result = np.full((len(dataset), len(dataset.label_names)), np.nan, np.float16)
    for fold in range(folds):
        own = [*overrides, f"data.folds={folds}", f"data.fold={fold}"]
        config = load_config(CONFIG, own, data=section)
        run = _fold_run(config, folder / FOLDS / f"fold-{fold}")
        divided = open_data(config.data)
        if not np.array_equal(divided.dataset.ids, dataset.ids):
            raise FerError(
                f"{section['source']}: changed while its folds were trained; start again"
            )
        progress.notice(f"fold {fold + 1} of {folds}: {run.path}")
        predicted = _probabilities(config, divided, run, progress)
        result[divided.dataset.split == "fold"] = predicted
    return OutOfFold(
        result[train], dataset.ids[train], data.fingerprint, dataset.label_names, folds
    )


def _section(data: LoadedData) -> dict:
    """Return the `data` section by which the data can be read again, from any folder."""
    if data.section is None:
        raise FerError("data: read by hand; take what fer_analysis.load_data returns")
    section = data.section.model_dump(mode="json")
    if section["source"] != "synthetic":
        section["source"] = str(Path(section["source"]).expanduser().resolve())
    return section


def _fold_run(config: RunConfig, path: Path) -> Run:
    """Return the run of a fold, a new one or one that was begun with the same config."""
    if not (path / "environment.json").exists():
        return Run.create(config, path)
    run = Run.open(path)
    before, now = (_without_place(each) for each in (run.config(), config))
    if before != now:
        differ = sorted(key for key in now if before.get(key) != now[key])
        raise FerError(
            f"{path}: a fold trained with another config ({', '.join(differ)}); "
            "choose another --out, or delete that folder"
        )
    return run


def _without_place(config: RunConfig) -> dict:
    """Return a config's values; the data's place may change, its fingerprint is checked."""
    values = config.model_dump(mode="json")
    flat = {
        f"{name}.{key}": v
        for name, part in values.items()
        if isinstance(part, dict)
        for key, v in part.items()
    }
    flat.pop("data.source")
    return {"seed": values["seed"], **flat}


def _probabilities(
    config: RunConfig, divided: LoadedData, run: Run, progress: Progress
) -> np.ndarray:
    """Return the fold's network's probabilities of the images left out, float32 `(m, k)`."""
    from fer_analysis.evaluation.evaluate_run import evaluate_run

    if run.is_complete and not run.is_own(divided.fingerprint):
        raise FerError(
            f"{run.path}: a network of other data; choose another --out, or delete that folder"
        )
    if not run.is_complete:
        from fer_analysis.training.train import train

        try:
            with progress.training(config) as listener:
                train(config, divided, run, listener)
        except KeyboardInterrupt:
            progress.notice("stopped; finished epochs are safe: the same command goes on")
            raise
    return evaluate_run(run, divided, "fold").probabilities
