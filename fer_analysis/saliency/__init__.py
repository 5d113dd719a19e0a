"""Where a network looks: saliency maps, which parts of the face they fall on, and controls.

A method is `(model, images, targets, **options) -> float32 (n, h, w)`: batched, of the target's
logit in inference mode, raw (signed where it has a sign). `targets` are labels `(n,)` or weights
of the logits `(n, k)`. Every method takes the keywords `batch_size` and `progress`; one that draws
random numbers takes `seed`, one that replaces pixels takes `face`, the mean face. All other
keywords are options of `fer saliency --option`, checked by their annotations. A method whose
values are parts of the logit is marked with `@parts_of_logit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

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

NOT_OPTIONS = ("batch_size", "progress", "face")
"""Keywords that every caller sets itself: they are no options of a method."""


def parts_of_logit(method: Callable) -> Callable:
    """Mark a method whose values are parts of the logit.

    Values above 0 support the target, values below 0 oppose it; only the former counts
    where maps are averaged. The values of the other methods are slopes, whose sign only tells
    whether a pixel should be brighter or darker: their size counts.
    """
    method.parts_of_logit = True
    return method


def are_parts_of_logit(name: str, options: Mapping[str, object]) -> bool:
    """Tell whether a method's values are parts of the logit.

    Args:
        name: A name in `METHODS`.
        options: The method's; a method that wraps another one names it by its option `method`.
    """
    return getattr(METHODS[options.get("method", name)], "parts_of_logit", False)
