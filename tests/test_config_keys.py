"""`fer config`: every key has a type, a default that it takes, and a meaning."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner

from fer_analysis.cli import main
from fer_analysis.config import config_keys, load_config, parse_config
from fer_analysis.errors import FerError
from fer_analysis.shipped import shipped_configs

KEYS = config_keys()


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.path} {key.only}".strip())
def test_every_key_has_a_type_and_a_meaning(key):
    assert key.kind and "any value" not in key.kind and "None" not in key.kind
    assert len(key.meaning) > 8 and key.meaning[0] != " "


def flat(values, path=""):
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}"


@pytest.mark.parametrize("name", ["best", "self_built", "paper/mobilenet"])
def test_every_key_of_a_written_config_is_listed(name):
    written = set(flat(load_config(name).model_dump(mode="json"))) - {"manipulations", "remedies"}
    assert written <= {key.path for key in KEYS}


def test_the_defaults_are_those_of_an_empty_config():
    config = parse_config({"model": {"name": "residual"}}).model_dump(mode="json")
    for key in config_keys("training"):
        value = config
        for name in key.path.split("."):
            value = value[name]
        assert json.loads(key.default) == value


def test_a_prefix_is_a_section_and_a_misspelt_one_is_told():
    assert {key.path for key in config_keys("training.schedule")} == {
        f"training.schedule.{name}"
        for name in ("name", "warmup_epochs", "decay", "every", "staircase")
    }
    with pytest.raises(FerError, match="did you mean 'training.epochs'"):
        config_keys("training.epoch")


def fer(*words):
    result = CliRunner().invoke(main, ["config", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_command_lists_shows_and_explains():
    assert set(json.loads(fer("list", "--json"))) == set(shipped_configs())
    assert all(name in fer("list") for name in shipped_configs())
    shown = yaml.safe_load(fer("show", "tiny", "--set", "training.epochs=3"))
    assert shown["training"]["epochs"] == 3
    assert shown == json.loads(fer("show", "tiny", "--set", "training.epochs=3", "--json"))
    text = fer("keys", "training.batch_size")
    assert text.startswith("training.batch_size: whole number")
    assert "default 64" in text
    assert len(json.loads(fer("keys", "--json"))) == len(KEYS)
