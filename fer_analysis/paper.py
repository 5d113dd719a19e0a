"""The paper: what Tao (2023) prints, to compare our runs with.

*A critical examination of deficiencies in the convolutional neural network model for facial
emotion recognition*. A *study* in this package is something else: what `fer study` runs.
"""

from __future__ import annotations

MODELS = ("mobilenet", "self_built")
"""The paper's networks, by their names in `fer_analysis.models.MODELS`."""

TABLE_1 = {
    "MobileNet": {
        "training_loss": 0.9334,
        "training_accuracy": 0.6751,
        "validation_loss": 1.0420,
        "validation_accuracy": 0.6433,
        "test_accuracy": 0.6326,
        "epochs": 74,
    },
    "self-built": {
        "training_loss": 1.0343,
        "training_accuracy": 0.6146,
        "validation_loss": 1.0779,
        "validation_accuracy": 0.5975,
        "test_accuracy": 0.5935,
        "epochs": 68,
    },
}
"""Table 1: network -> figures."""

PROTOCOL, TEST_IMAGES = "kaggle", 7178
"""How its data is split: its test accuracies are whole numbers of 7,178 images, which is Kaggle's
test folder."""
