"""How many steps a cell was trained for, beside another one."""

from __future__ import annotations

from fer_analysis.remedies.sampling import expanded
from fer_analysis.study.resampling import StudyEvidence

EXPANSION = "expansion"


def in_steps(evidence: StudyEvidence, cell: str, subject: str) -> str:
    """Return in how many steps a cell was trained, in words: as many as the subject, or not.

    Args:
        evidence: Of studies.
        cell: One of its cells.
        subject: The cell that it is compared with.
    """
    times = _steps(evidence, cell) / _steps(evidence, subject)
    told = "at the same number of steps" if times == 1 else f"in {times:.3g} times as many steps"
    early = any(_may_stop_early(evidence, each) for each in (cell, subject))
    return f"{told}, unless one stopped early" if early else told


def _steps(evidence: StudyEvidence, cell: str) -> int:
    config, counts = evidence.config(cell), evidence.training_counts(cell)
    training, remedies = config.training, dict(config.remedies.chosen())
    images = training.images_per_epoch or int(counts.sum())
    if EXPANSION in remedies:
        images = int(expanded(counts, **remedies[EXPANSION]).sum())
    return training.epochs * max(1, -(-images // training.batch_size))


def _may_stop_early(evidence: StudyEvidence, cell: str) -> bool:
    training = evidence.config(cell).training
    patience = training.early_stopping.patience
    return patience is not None and patience < training.epochs
