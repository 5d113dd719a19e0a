"""Saving a diagnosis, or the differences of a study, together with their pictures."""

from __future__ import annotations

from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.figures import save
from fer_analysis.figures.diagnosis import diagnosis_figures
from fer_analysis.figures.differences import differences_figure
from fer_analysis.figures.style import FORMATS
from fer_analysis.files import replacing_folder
from fer_analysis.result_folders import refuse_others
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.differences import Differences


def save_diagnosis(diagnosis: Diagnosis, folder: Path) -> None:
    """Write a diagnosis and its pictures to a folder, replacing an earlier one.

    Args:
        diagnosis: The diagnosis.
        folder: New, empty, or with an earlier result.

    Raises:
        FerError: If the folder has files of something else.
    """
    _check(folder)
    with replacing_folder(folder) as temporary:
        diagnosis.save(temporary)
        for name, figure in diagnosis_figures(diagnosis).items():
            save(figure, temporary / f"{name}.png")


def save_differences(differences: Differences, folder: Path) -> None:
    """Write the differences of a study and their picture to a folder, replacing earlier ones.

    Args:
        differences: The differences.
        folder: New, empty, or with an earlier result.

    Raises:
        FerError: If the folder has files of something else.
    """
    _check(folder)
    with replacing_folder(folder) as temporary:
        differences.save(temporary)
        save(differences_figure(differences), temporary / "differences.png")


_FILES = {
    *("diagnosis.json", "diagnosis.csv", "recalls.csv", "gains.csv"),
    *("differences.json", "differences.csv"),
}


def _check(folder: Path) -> None:
    """Raise a FerError if a folder has files of something else: it is replaced as a whole."""
    if folder.is_dir():
        refuse_others(folder, _FILES | _pictures(folder), "results of a study")
    elif folder.exists():
        raise FerError(f"{folder}: not a folder; choose another --out")


def _pictures(folder: Path) -> set[str]:
    kinds = {f".{kind}" for kind in FORMATS}
    return {path.name for path in folder.iterdir() if path.suffix in kinds and path.is_file()}
