"""Every reader, on inputs changed at random: an answer or a FerError, never a traceback."""

from __future__ import annotations

import pytest
from fuzzing import GROUPS, fuzz

INPUTS = 60
"""Of each group; `scripts/fuzz` gives many more."""


@pytest.mark.parametrize("group", GROUPS)
def test_a_changed_input_is_read_or_refused_in_a_line(group, tmp_path):
    tally = fuzz(group, tmp_path, inputs=INPUTS)
    assert not tally.findings, tally.findings
    assert tally.inputs >= INPUTS
    assert tally.refused > 0, "some of them are bad"
