"""The public functions: each a few lines over the code that does the work.

All of them take names, paths or objects, print nothing, report to `progress`, and raise
`FerError` for what a user can fix. The commands of the same names parse their arguments,
call one of these, and print the result.
"""

from fer_analysis.api.data import audit, load_data
from fer_analysis.api.diagnosing import diagnose
from fer_analysis.api.evaluating import compare, evaluate
from fer_analysis.api.examining import compare_stress, explain, stress
from fer_analysis.api.labelling import agreement, write_relabel_page
from fer_analysis.api.predicting import export, find_faces, predict, predict_film
from fer_analysis.api.reporting import write_report
from fer_analysis.api.studying import join_studies, keep_study, run_study, show_study, study_status
from fer_analysis.api.training import ensemble, open_run, train

__all__ = [
    "agreement",
    "audit",
    "compare",
    "compare_stress",
    "diagnose",
    "ensemble",
    "evaluate",
    "explain",
    "export",
    "find_faces",
    "join_studies",
    "keep_study",
    "load_data",
    "open_run",
    "predict",
    "predict_film",
    "run_study",
    "show_study",
    "stress",
    "study_status",
    "train",
    "write_relabel_page",
    "write_report",
]
