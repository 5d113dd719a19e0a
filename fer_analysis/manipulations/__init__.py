"""The table of manipulations: one thing changed in the training images, to see what it does.

A manipulation is `(train, *, seed, **options) -> train`, a copy of the training images with
something changed; validation, test and held-out images stay as they are. Those that a config names
are applied in the order of this table.
"""

from fer_analysis.registry import Registry

MANIPULATIONS = Registry(
    "manipulation",
    {
        "exclude_faces": "fer_analysis.manipulations.face_lists:exclude_faces",
        "relabel_faces": "fer_analysis.manipulations.face_lists:relabel_faces",
        "remove_disputed": "fer_analysis.manipulations.disputed:remove_disputed",
        "keep": "fer_analysis.manipulations.counts:keep",
        "keep_all": "fer_analysis.manipulations.counts:keep_all",
        "permute_labels": "fer_analysis.manipulations.labels:permute_labels",
    },
)
