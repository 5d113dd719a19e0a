"""Train facial-expression classifiers and examine where, and why, they fail."""

from __future__ import annotations

import importlib
import os
import platform

__version__ = "1.0.0"

# TensorFlow turns oneDNN's kernels on by itself only where the processor has the newest vector
# instructions; on the others they make matrix products and convolutions up to twice as fast too.
# It is read when TensorFlow is imported.
if platform.machine().lower() in ("x86_64", "amd64"):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

_PUBLIC = {
    **dict.fromkeys(
        (
            "load_data",
            "train",
            "ensemble",
            "open_run",
            "evaluate",
            "compare",
            "stress",
            "compare_stress",
            "explain",
            "audit",
            "run_study",
            "study_status",
            "show_study",
            "keep_study",
            "join_studies",
            "diagnose",
            "find_faces",
            "predict",
            "predict_film",
            "export",
            "write_report",
            "write_relabel_page",
            "agreement",
        ),
        "fer_analysis.api",
    ),
    "reproduce": "fer_analysis.reproduction.reproduce",
    "Agreement": "fer_analysis.second_opinion.agreement",
    "Audit": "fer_analysis.auditing.audit",
    "Comparison": "fer_analysis.evaluation.comparison",
    "Diagnosis": "fer_analysis.study.diagnosis",
    "Differences": "fer_analysis.study.differences",
    "Evaluation": "fer_analysis.evaluation.evaluation",
    "Face": "fer_analysis.faces.face",
    "FaceDataset": "fer_analysis.data.dataset",
    "FerError": "fer_analysis.errors",
    "FilmPredictions": "fer_analysis.prediction.film_result",
    "LoadedData": "fer_analysis.data.load",
    "Predictions": "fer_analysis.prediction.predictions",
    "Progress": "fer_analysis.progress",
    "RelabelPage": "fer_analysis.second_opinion.page",
    "Report": "fer_analysis.report.write",
    "Reproduction": "fer_analysis.reproduction.result",
    "Run": "fer_analysis.run",
    "SaliencyAnalysis": "fer_analysis.saliency.analysis",
    "StressComparison": "fer_analysis.robustness.comparison",
    "StressTest": "fer_analysis.robustness.stress_test",
}
"""Public name -> the module that has it; imported when it is first asked for."""

__all__ = list(_PUBLIC)


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'fer_analysis' has no attribute '{name}'")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})
