"""Reading back what a run wrote: damage becomes a line that names the file and the way out."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fer_analysis.errors import FerError, first_line, shown

Count = Annotated[int, Field(ge=0)]


class _Shape(BaseModel):
    """What a JSON file must have; more is allowed."""

    model_config = ConfigDict(extra="allow", strict=True, allow_inf_nan=False)


class _List(_Shape):
    kind: str
    file: str
    sha256: str
    sentence: str


class _Data(_Shape):
    fingerprint: str
    fingerprints: dict[str, str] = {}
    protocol: str = ""
    layout: str = ""
    counts: dict[str, list[Count]] = {}
    label_names: list[str] = []
    face_lists: list[_List] = []


class _Member(_Shape):
    run: str
    data: dict[str, str] = {}


class Environment(_Shape):
    """environment.json: what a training began with."""

    data: _Data
    seed: Count
    command: str = ""
    prior: list[Annotated[float, Field(ge=0, le=1)]] | None = None
    training_counts: list[Count] = []
    config: dict = {}
    packages: dict[str, str] = {}
    members: list[_Member] = []


class Result(_Shape):
    """result.json: how a training ended."""

    epochs: Annotated[int, Field(ge=1)]
    best_epoch: Annotated[int, Field(ge=1)]
    table_1: dict[str, float | int | None] = {}
    collapse: dict[str, str | int] | None = None
    seconds: float = 0
    images_per_second: float = 0
    stopped_because: str = ""
    remedies: dict[str, dict] = {}

    @model_validator(mode="after")
    def _within(self):
        if self.best_epoch > self.epochs:
            raise ValueError(f"best_epoch {self.best_epoch} of {self.epochs}")
        return self


def read_record(file: Path, shape: type[BaseModel], *, again: str) -> dict:
    """Read a JSON file of a run.

    Args:
        file: The file.
        shape: What it must have.
        again: What the user can do if it is damaged, e.g. ``"`fer evaluate` makes it again"``.

    Raises:
        FerError: If it cannot be read, or is not of this shape.
    """
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(value, dict):
            raise ValueError("not an object")
        shape.model_validate(value)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"]))
        message = problem["msg"].removeprefix("Value error, ")
        raise damaged(file, f"{where}: {message}" if where else message, again) from None
    except FileNotFoundError:
        raise FerError(f"{file}: missing; {again}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise damaged(file, first_line(error), again) from None
    return value


def read_history(file: Path, *, again: str) -> list[dict]:
    """Read history.csv: numbers by column name, one dictionary an epoch.

    Raises:
        FerError: If it cannot be read, or has other rows than those of the epochs from 1 on.
    """
    whole = ("epoch", "labels_predicted")
    try:
        with open(file, newline="", encoding="utf-8") as opened:
            rows = [
                {key: (int if key in whole else float)(value) for key, value in row.items()}
                for row in csv.DictReader(opened)
            ]
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise damaged(file, first_line(error), again) from None
    if [row.get("epoch") for row in rows] != list(range(1, len(rows) + 1)):
        raise damaged(file, "not one row for each epoch from 1 on", again)
    return rows


def read_hashes(file: Path, *, again: str) -> np.ndarray:
    """Read pixel hashes, bytes `(n,)`.

    Raises:
        FerError: If the file holds something else.
    """
    try:
        with open(file, "rb") as opened:
            hashes = np.load(opened, allow_pickle=False)
    except Exception as error:  # numpy raises whatever the header makes it raise
        raise damaged(file, first_line(error), again) from None
    if not isinstance(hashes, np.ndarray) or hashes.ndim != 1 or hashes.dtype.kind != "S":
        raise damaged(file, "not a list of hashes", again)
    return hashes


def damaged(file: Path, why: str, again: str) -> FerError:
    """Return the error of a file that cannot be read back."""
    return FerError(f"{file}: damaged ({shown(why)}); {again}")
