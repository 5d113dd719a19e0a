"""Face data: `FaceDataset`, the layouts it is read from, and the data that we draw."""

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
"""Layout -> function `(path) -> Source | str`: what it would read, or what it looked for in
vain. Where several layouts lie in one folder the first of this table is read."""
