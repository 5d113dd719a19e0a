"""The table of conditions: what cameras, light and surroundings do to the picture of a face.

A condition is `(images uint8 (n, h, w, 1), *, severity 1-5, seed) -> uint8` of the same shape.
An image's result depends on its pixels, the severity and the seed, not on its batch. A
condition's kind is the module that it is in. The plan follows RAF-DB-C (Greco, Strisciuglio,
Vento & Vigilante 2023), which follows ImageNet-C (Hendrycks & Dietterich 2019).
"""

from fer_analysis.registry import Registry

CONDITIONS = Registry(
    "condition",
    {
        "gaussian_noise": "fer_analysis.conditions.sensor:gaussian_noise",
        "shot_noise": "fer_analysis.conditions.sensor:shot_noise",
        "impulse_noise": "fer_analysis.conditions.sensor:impulse_noise",
        "defocus": "fer_analysis.conditions.focus:defocus",
        "motion_blur": "fer_analysis.conditions.focus:motion_blur",
        "low_resolution": "fer_analysis.conditions.focus:low_resolution",
        "jpeg": "fer_analysis.conditions.compression:jpeg",
        "block_loss": "fer_analysis.conditions.compression:block_loss",
        "dark": "fer_analysis.conditions.light:dark",
        "overexposed": "fer_analysis.conditions.light:overexposed",
        "low_contrast": "fer_analysis.conditions.light:low_contrast",
        "one_sided_light": "fer_analysis.conditions.light:one_sided_light",
        "backlight": "fer_analysis.conditions.light:backlight",
        "turned": "fer_analysis.conditions.geometry:turned",
        "shifted": "fer_analysis.conditions.geometry:shifted",
        "nearer": "fer_analysis.conditions.geometry:nearer",
        "farther": "fer_analysis.conditions.geometry:farther",
        "seen_from_the_side": "fer_analysis.conditions.geometry:seen_from_the_side",
        "surgical_mask": "fer_analysis.conditions.occlusion:surgical_mask",
        "sunglasses": "fer_analysis.conditions.occlusion:sunglasses",
        "hand": "fer_analysis.conditions.occlusion:hand",
        "hair_or_cap": "fer_analysis.conditions.occlusion:hair_or_cap",
        "random_patch": "fer_analysis.conditions.occlusion:random_patch",
        "webcam_at_night": "fer_analysis.conditions.scenes:webcam_at_night",
        "far_away_camera": "fer_analysis.conditions.scenes:far_away_camera",
        "masked_in_a_corridor": "fer_analysis.conditions.scenes:masked_in_a_corridor",
    },
)


def kind_of(name: str) -> str:
    """Return a condition's kind, e.g. `sensor`."""
    return CONDITIONS.module(name).rpartition(".")[2]


def caption(name: str, severity: int) -> str:
    """Return what a condition is at a severity: `gaussian noise, sd 8 grey levels`."""
    return f"{name.replace('_', ' ')}, {CONDITIONS[name].captions[severity - 1]}"
