"""Face data: `FaceDataset`, the layouts it is read from, and embedded data."""

from fer_analysis.registry import Registry

LAYOUTS = Registry(
    "layout",
    {
        "csv": "fer_analysis.data.readers.csv_file:find_csv",
        "icml": "fer_analysis.data.readers.csv_file:find_icml",
        "kaggle": "fer_analysis.data.readers.folders:find_kaggle",
        "folders": "fer_analysis.data.readers.folders:find_folders",
    },
)
"""Layout -> function `(path) -> Source | str`: what it would read, or what it looked for
without success. If a folder has several layouts, the first of this table is read."""
