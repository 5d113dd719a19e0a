"""What the study printed, to be set beside our own runs."""

from __future__ import annotations

STUDY = {
    "study MobileNet": {
        "training_loss": 0.9334,
        "training_accuracy": 0.6751,
        "validation_loss": 1.0420,
        "validation_accuracy": 0.6433,
        "test_accuracy": 0.6326,
        "epochs": 74,
    },
    "study self-built": {
        "training_loss": 1.0343,
        "training_accuracy": 0.6146,
        "validation_loss": 1.0779,
        "validation_accuracy": 0.5975,
        "test_accuracy": 0.5935,
        "epochs": 68,
    },
}
"""Table 1 of Tao (2023), *A critical examination of deficiencies in the convolutional neural
network model for facial emotion recognition*."""

STUDY_PROTOCOL = "kaggle"
"""Its test accuracies are whole numbers of 7,178 images: Kaggle's test folder."""
