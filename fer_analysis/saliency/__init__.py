"""Where a network looks: saliency maps, and which parts of the face they fall on.

A method is `(model, images, targets, **options) -> float32 (n, h, w)`: batched, of the
target's logit in inference mode, raw (signed where it has a sign). Every method takes the
keyword `progress`; one that draws random numbers takes `seed`.
"""

from __future__ import annotations

from fer_analysis.registry import Registry

METHODS = Registry(
    "saliency method",
    {
        "gradient": "fer_analysis.saliency.methods:gradient",
        "smoothgrad": "fer_analysis.saliency.methods:smoothgrad",
    },
)
