"""The paper (Tao 2023): its published figures and claims, to compare our runs with.

*A critical examination of deficiencies in the convolutional neural network model for facial
emotion recognition*. A *study* in this package is something else: what `fer study` runs.

The paper proposes two causes of failure and tests neither: too few images (436 of disgust, 7,215
of happy) and ambiguous features (disgust looks like angry or surprise). They are `scarcity` and
`ambiguity` among the causes of `fer_analysis.study.diagnosis`.
"""

from __future__ import annotations

from dataclasses import dataclass

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

NAMES = {"mobilenet": "MobileNet", "self_built": "self-built"}
"""Its networks: our name -> the row of `TABLE_1`."""

TEST_CORRECT = {"mobilenet": 4541, "self_built": 4260}
"""Test images that are predicted correctly: 63.263 % and 59.348 % of 7,178, exactly."""

LABEL_CORRECT = {
    "happy": {"n": 1774, "mobilenet": 1520, "self_built": 1434},
    "disgust": {"n": 111, "mobilenet": 0, "self_built": 0},
}
"""Label -> its images in Kaggle's test folder, and how many each network predicts correctly."""

TRAINING_IMAGES = {"happy": 7215, "disgust": 436}
"""Label -> its training images, of which the paper says that happy has 16 times as many."""


@dataclass(frozen=True)
class Claim:
    """Where the paper says that its self-built network looks for a label.

    Args:
        where: The paper's words; it read one saliency map of each label by eye.
        regions: The same as regions of the template.
    """

    where: str
    regions: tuple[str, ...]


_EYES_AND_MOUTH = Claim("eyes and mouth", ("eyes", "mouth"))

CLAIMS = {
    "angry": Claim("chin", ("chin",)),
    "disgust": _EYES_AND_MOUTH,
    "fear": _EYES_AND_MOUTH,
    "happy": Claim("between nose and mouth", ("upper lip",)),
    "sad": _EYES_AND_MOUTH,
    "surprise": _EYES_AND_MOUTH,
    "neutral": Claim("forehead", ("forehead",)),
}
"""Label -> claim."""
