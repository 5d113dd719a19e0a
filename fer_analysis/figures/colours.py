"""Which colour means what: labels, accents and maps, on a light and on a dark ground.

Every figure takes its colours from here, by name. A label has one colour in every chart; an accent
has one meaning. Both are apart for readers who see no red or no green (simulated after Machado,
Oliveira & Fernandes 2009, IEEE TVCG 15:1291), and stand out from their ground by 3 to 1; on lines
markers and dashes differ too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import Colormap, ListedColormap, to_hex, to_rgb

from fer_analysis.data.label_names import fer_label

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "contempt")
"""Labels with a colour of their own, in the order of `Theme.labels`."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
DASHES = ("-", "--", "-.", ":")

SALIENCY = "magma"
"""The map of maps over a face: a photo is the same on every ground."""

_STEPS = 256


@dataclass(frozen=True)
class Theme:
    """The colours of one ground.

    Args:
        ground: Behind everything.
        ink: Texts and axes.
        muted: What is said in passing.
        grid: Lines behind the data.
        reference: What the data is held against: chance, areas, nulls; what is not shown.
        faint: Cells that are not filled.
        network: What the network does, on all images.
        leak_free: The same on the images that are not among the training images.
        annotators: What people answered.
        training: Training images by epoch, as in the paper.
        held_out: Validation images by epoch, as in the paper.
        saliency: A region's share of the saliency.
        hidden: What hiding a region costs.
        bad: Something is wrong: a failed check, a wrong prediction, a deficiency that is shown.
        undecided: Not tested, or waiting.
        labels: Of `LABELS`.
        is_dark: Whether the ground is.
    """

    ground: str
    ink: str
    muted: str
    grid: str
    reference: str
    faint: str
    network: str
    leak_free: str
    annotators: str
    training: str
    held_out: str
    saliency: str
    hidden: str
    bad: str
    undecided: str
    labels: tuple[str, ...]
    is_dark: bool = False

    @property
    def sequential(self) -> Colormap:
        """From nothing (the ground) to most: magma, on a light ground turned round."""
        return colormaps["magma" if self.is_dark else "magma_r"]

    @property
    def greys(self) -> Colormap:
        """Of faces, black to white; what is missing (NaN) is the ground."""
        return colormaps["gray"].with_extremes(bad=self.ground)

    @property
    def diverging(self) -> Colormap:
        """From less (blue) over no difference (the ground) to more (red), even in lightness."""
        return _diverging(self.is_dark)


LIGHT = Theme(
    ground="#ffffff",
    ink="#1c1c20",
    muted="#56565e",
    grid="#e6e6ea",
    reference="#8a8d94",
    faint="#eceef2",
    network="#1f3b73",
    leak_free="#12908e",
    annotators="#a64ac9",
    training="#1f77b4",
    held_out="#ff7f0e",
    saliency="#b5367a",
    hidden="#0b7fa0",
    bad="#c1121f",
    undecided="#f3e6ac",
    labels=(
        "#8e1400",
        "#387e56",
        "#472072",
        "#ae8d09",
        "#2a59dc",
        "#259ecb",
        "#484144",
        "#f06386",
    ),
)
DARK = Theme(
    ground="#1d1f24",
    ink="#ededf1",
    muted="#b0b2bb",
    grid="#34373f",
    reference="#8d919b",
    faint="#2c2f37",
    network="#8fb4ff",
    leak_free="#5fe0cf",
    annotators="#b24fd0",
    training="#5aa9e6",
    held_out="#ff9a3d",
    saliency="#ffa3d1",
    hidden="#1f88b0",
    bad="#ff6b61",
    undecided="#6b6230",
    labels=(
        "#e14246",
        "#d0fbb4",
        "#8d55d4",
        "#e1b514",
        "#69aff8",
        "#95efff",
        "#bcb9b2",
        "#b07396",
    ),
    is_dark=True,
)


def label_styles(names: Sequence[str], theme: Theme) -> dict[str, dict]:
    """Return how each label is drawn as a line: `color`, `marker` and `linestyle`.

    The labels of `LABELS`, in any spelling, have their own colours; others get those that are
    free, in the order of the data; after the eighth the dashes change.

    Args:
        names: All labels of the data, in its order.
        theme: The ground.
    """
    own = {name: LABELS.index(key) for name in names if (key := _key(name)) in LABELS}
    free = [index for index in range(len(LABELS)) if index not in own.values()]
    places = free + list(range(len(LABELS), len(LABELS) + len(names)))
    others = iter(places)
    styles = {}
    for name in names:
        index = own[name] if name in own else next(others)
        styles[name] = {
            "color": theme.labels[index % len(LABELS)],
            "marker": MARKERS[index % len(MARKERS)],
            "linestyle": DASHES[index // len(LABELS) % len(DASHES)],
        }
    return styles


def series_styles(count: int, theme: Theme) -> list[dict]:
    """Return how each of several networks, cells or groups is drawn: no label's meaning.

    Args:
        count: How many there are.
        theme: The ground.
    """
    low, high = (0.35, 1.0) if theme.is_dark else (0.0, 0.72)
    shades = np.linspace(low, high, count) if count > 1 else [low]
    return [
        {
            "color": to_hex(colormaps["cividis"](float(shade))),
            "marker": MARKERS[index % len(MARKERS)],
            "linestyle": DASHES[index % len(DASHES)],
        }
        for index, shade in enumerate(shades)
    ]


def ink_on(colour: Sequence[float] | str) -> str:
    """Return black or white, whichever stands out more from a colour."""
    light = luminance(colour)
    return "white" if 1.05 / (light + 0.05) > (light + 0.05) / 0.05 else "black"


def luminance(colour: Sequence[float] | str) -> float:
    """Return a colour's relative luminance (WCAG 2), 0 to 1."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def _key(name: str) -> str:
    return fer_label(name) or name.strip().lower()


def _diverging(dark: bool) -> Colormap:
    """Interpolate in Oklab (Ottosson 2020), where equal steps look equal."""
    middle, end, chroma = (0.26, 0.80, 0.115) if dark else (0.985, 0.50, 0.135)
    position = np.linspace(-1, 1, _STEPS + 1)
    strength = np.abs(position)
    hue = np.radians(np.where(position < 0, 255.0, 35.0))
    lightness = middle + (end - middle) * strength
    a, b = chroma * strength * np.cos(hue), chroma * strength * np.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
        ],
        axis=1,
    ).clip(0, 1)
    rgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return ListedColormap(rgb, name=f"diverging_{'dark' if dark else 'light'}")
