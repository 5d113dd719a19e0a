"""Face data: `FaceDataset`, the layouts it is read from, and embedded data."""

from fer_analysis.registry import Registry

LAYOUTS = Registry(
    "layout",
    {
        "csv": "fer_analysis.data.readers.csv_file:find_csv",
        "icml": "fer_analysis.data.readers.csv_file:find_icml",
        "kaggle": "fer_analysis.data.readers.folders:find_kaggle",
        "rafdb": "fer_analysis.data.readers.rafdb:find_rafdb",
        "affectnet": "fer_analysis.data.readers.affectnet:find_affectnet",
        "folders": "fer_analysis.data.readers.folders:find_folders",
        "rafdb_numbers": "fer_analysis.data.readers.numbered:find_rafdb_numbers",
        "affectnet_numbers": "fer_analysis.data.readers.numbered:find_affectnet_numbers",
    },
)
"""Layout -> function `(path) -> Source | str`: what it would read, or what it looked for
without success. If a folder has several layouts, the first of this table is read: so folders that
are called by numbers keep them as names, unless one asks for whose numbers they are."""
