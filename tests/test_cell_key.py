"""A cell that was trained once is found again after the defaults have changed."""

from __future__ import annotations

import json

from fer_analysis.config import load_config
from fer_analysis.study.cell_key import cell_key


def settings(name, *overrides):
    config = load_config(name, overrides, data="synthetic")
    return json.dumps(config.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


def test_keys_of_shipped_configs_are_those_of_version_1():
    assert cell_key(settings("fast"), 1) == "f00ceb47ce38df7f"
    assert cell_key(settings("mobilenet"), 1) == "6faf55be2f28df7d"
    assert cell_key(settings("paper/mobilenet"), 1) == "b93e6a151246b319"


def test_every_default_that_changed_still_tells_cells_apart():
    keys = [
        cell_key(settings("paper/mobilenet", *changed), 1)
        for changed in (
            (),
            ("training.epochs=32",),
            ("training.learning_rate=0.001",),
            ("training.schedule.name=cosine",),
            ("augmentation.shift=0.1",),
            ("augmentation.vertical_flip=false",),
            ("model.offset=1",),
            ("model.momentum=0.9",),
        )
    ]
    assert len(set(keys)) == len(keys)


def test_cells_that_give_other_results_now_are_trained_anew_and_no_others():
    """Permuted votes, and teachers' answers in the labels' frequencies."""
    permuted, votes = "manipulations.permute_labels=true", "remedies.soft_labels=true"
    assert cell_key(settings("small"), 1) != "07c75cb8feca24df"
    assert cell_key(settings("fast", permuted, votes), 1) != "2624dc7857e16b13"
    assert cell_key(settings("fast", permuted), 1) == "f3336e26282fb9cf"
    assert cell_key(settings("fast", votes), 1) == "9afb02c1cd75103a"
