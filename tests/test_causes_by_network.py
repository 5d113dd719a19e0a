"""The guides' table of causes has a column for every record of a diagnosis that is there."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

HEAD = "label,n,gap,corrected_gap,fails,cause,verdict,effect,effect_low,effect_high"
FAST = f"""{HEAD}
fear,400,.26,.31,True,recipe,not shown,.01,-.02,.04
fear,400,.26,.31,True,ambiguity,shown,.17,.09,.25
fear,400,.26,.31,True,label noise,shown,.08,.04,.12
disgust,50,.48,-.03,True,recipe,not shown,.01,-.02,.04
disgust,50,.48,-.03,True,imbalance,shown,.38,.24,.52
"""
RESIDUAL = f"""{HEAD}
fear,300,.12,.02,True,recipe,not tested,,,
fear,300,.12,.02,True,imbalance,not shown,.01,-.02,.04
disgust,41,-.05,-.06,False,,,,,
"""


@pytest.fixture
def causes(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "scripts")
    return importlib.import_module("tables.causes")


def test_a_column_for_every_record_by_hand(causes, tmp_path):
    (tmp_path / "diagnosis.csv").write_text(FAST)
    (tmp_path / "diagnosis_residual.csv").write_text(RESIDUAL)
    (tmp_path / "diagnosis_larger.csv").write_text(FAST)
    (tmp_path / "recalls.csv").write_text("not a diagnosis")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in causes.causes_by_network(tmp_path).splitlines()
    ]
    assert rows[0] == ["label", "`fast`", "`fast`, twice the filters", "residual"]
    fear, disgust, judged, open_causes = rows[2:]
    assert fear[1] == "**ambiguity** 17 [9, 25] of 31; **label noise** 8 [4, 12] of 31"
    assert fear[3] == "fails by 12, no cause shown"
    assert disgust[1] == disgust[2] == "**imbalance** 38 [24, 52] of 48"
    assert disgust[3] == "no deficiency shown"
    assert judged == ["faces judged on", "450", "450", "341"]
    assert open_causes == ["not tested", "", "", "recipe"]
