"""Each claim of the paper beside what our networks show: holds, does not, or not decided.

The rules, which are also written in the results' folder:

- An accuracy holds if ours and the paper's do not differ beyond chance (the 95 % interval of the
  difference of two independent shares includes 0; Newcombe 1998); else it does not.
- An order holds if the 95 % interval of the difference lies on its side of 0, does not if it lies
  on the other side, and is not decided if it includes 0.
- "Never correct" does not hold as soon as one image is predicted correctly.
- A region holds if it survives all controls of `fer saliency`, does not if another region is
  dominant, and is not decided if none is.
- Nothing about the networks is decided on drawn faces, by a quick look, or by a changed recipe;
  another seed, precision, device or place changes none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from fer_analysis.errors import FerError
from fer_analysis.statistics.estimate import Estimate

HOLDS, DOES_NOT, NOT_DECIDED = "holds", "does not", "not decided"
VERDICTS = (HOLDS, DOES_NOT, NOT_DECIDED)


@dataclass(frozen=True)
class ClaimResult:
    """One claim of the paper, and what was found.

    Args:
        claim: What the paper says.
        paper: Its figure.
        verdict: One of `VERDICTS`.
        ours: Our figure as text, with interval and n.
        because: Why this verdict.
        command: The command behind our figure, or the one that would decide.
        figures: Our figures by what they are of.
    """

    claim: str
    paper: str
    verdict: str
    ours: str
    because: str
    command: str
    figures: dict[str, Estimate]

    def __post_init__(self):
        if self.verdict not in VERDICTS:
            raise FerError(f"verdict '{self.verdict}': expected one of {', '.join(VERDICTS)}")

    def as_dict(self) -> dict:
        """Return the claim ready for JSON."""
        figures = {name: figure.as_dict() for name, figure in self.figures.items()}
        return asdict(self) | {"figures": figures}

    @classmethod
    def from_dict(cls, given: dict) -> ClaimResult:
        """Return what `as_dict` wrote."""
        figures = {name: Estimate.from_dict(each) for name, each in given["figures"].items()}
        return cls(**{**given, "figures": figures})


def decide(difference: Estimate) -> str:
    """Return the verdict of "is larger" from a difference and its interval."""
    if difference.interval is None:
        return NOT_DECIDED
    if difference.low > 0:
        return HOLDS
    return DOES_NOT if difference.high < 0 else NOT_DECIDED


def joint(verdicts: Sequence[str]) -> str:
    """Return the verdict of a claim about several networks: all must hold, one can refute."""
    if DOES_NOT in verdicts:
        return DOES_NOT
    return NOT_DECIDED if NOT_DECIDED in verdicts or not verdicts else HOLDS
