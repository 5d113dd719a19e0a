"""The table of remedies: changes of a recipe for rare, ambiguous or wrongly labelled images.

A remedy is `(recipe, **options) -> recipe`, a copy with something changed; the trainer knows
none of them. Those named in a config are applied in the order of this table: targets, sampling,
loss, batches. Teachers come first, since others ask how frequent the labels are in the targets.

Remedies import Keras when called, so that their options can be checked without it.
"""

from fer_analysis.registry import Registry

REMEDIES = Registry(
    "remedy",
    {
        "distillation": "fer_analysis.remedies.targets:distillation",
        "soft_labels": "fer_analysis.remedies.targets:soft_labels",
        "label_smoothing": "fer_analysis.remedies.targets:label_smoothing",
        "balanced_sampling": "fer_analysis.remedies.sampling:balanced_sampling",
        "expansion": "fer_analysis.remedies.sampling:expansion",
        "focal_loss": "fer_analysis.remedies.losses:focal_loss",
        "class_weights": "fer_analysis.remedies.losses:class_weights",
        "logit_adjustment": "fer_analysis.remedies.losses:logit_adjustment",
        "mixup": "fer_analysis.remedies.targets:mixup",
    },
)
