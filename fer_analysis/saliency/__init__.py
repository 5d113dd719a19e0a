"""Where a network looks: saliency maps, which parts of the face they fall on, and controls.

A method is `(model, images, targets, **options) -> float32 (n, h, w)`: batched, of the target's
logit in inference mode, raw (signed where it has a sign). `targets` are labels `(n,)` or weights
of the logits `(n, k)`. Every method takes the keywords `batch_size` and `progress`; one that draws
random numbers takes `seed`, one that paints pixels over takes `face`, what the mean face is.
"""

from __future__ import annotations

from fer_analysis.registry import Registry

_FOLDER = "fer_analysis.saliency.methods"
METHODS = Registry(
    "saliency method",
    {
        "gradient": f"{_FOLDER}.gradient:gradient",
        "smoothgrad": f"{_FOLDER}.smoothgrad:smoothgrad",
        "integrated_gradients": f"{_FOLDER}.integrated_gradients:integrated_gradients",
        "grad_cam": f"{_FOLDER}.cam:grad_cam",
        "layer_cam": f"{_FOLDER}.cam:layer_cam",
        "occlusion": f"{_FOLDER}.occlusion:occlusion",
    },
)
SHARES = ("integrated_gradients", "occlusion")
"""The methods whose values are parts of the logit: above 0 what speaks for the target, below 0 what
speaks against it. The sign of a slope says dark or bright, and nothing of the kind."""
