"""Configs: read from anywhere, overridden from the command line, checked all at once."""

from __future__ import annotations

import inspect

import pytest
import yaml

from fer_analysis.config import (
    check_sections,
    find_config,
    load_config,
    parse_config,
    parse_data,
)
from fer_analysis.errors import FerError
from fer_analysis.models import MODELS
from fer_analysis.shipped import shipped_configs, summary_of


@pytest.fixture(autouse=True)
def no_data_of_the_user_s(monkeypatch):
    monkeypatch.delenv("FER2013_DIR", raising=False)


SHIPPED = list(shipped_configs())


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configs_are_valid_and_found_from_any_folder(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load_config(name)
    assert config.model.name in MODELS


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configs_open_with_what_they_are_and_their_command(name):
    assert 20 < len(summary_of(find_config(name))) < 100
    head = find_config(name).read_text().split("model:")[0]
    assert all(line.startswith("#") for line in head.strip().splitlines())
    assert f"fer train {name}" in head or f"fer train --model {name}" in head


def test_the_paper_configs_are_the_study_to_the_letter():
    for name in ("paper/mobilenet", "paper/self_built"):
        config = load_config(name)
        assert dict(config.augmentation) == {
            "shift": 0.2,
            "rotation": 5,
            "zoom": 0.2,
            "horizontal_flip": True,
            "vertical_flip": True,
            "fill": "nearest",
            "erasing": 0,
            "conditions": {},
            "condition_share": 0.25,
            "condition_severities": (1, 2, 3, 4, 5),
        }
        training = config.training
        assert (training.optimizer, training.learning_rate) == ("adam", 0.01)
        assert (training.batch_size, training.epochs) == (64, 100)
        assert training.early_stopping.monitor == "validation_accuracy"
        assert training.early_stopping.patience == 10
        assert training.schedule.name == "constant"
        assert len(config.model.dense) == 3


def test_round_trip_through_yaml(tmp_path):
    config = load_config("tiny", ["training.epochs=3", "model.dropout=0.4"])
    file = tmp_path / "config.yaml"
    file.write_text(config.to_yaml())
    assert load_config(file).model_dump() == config.model_dump()


def test_every_default_is_written_out():
    written = yaml.safe_load(load_config("paper/mobilenet").to_yaml())
    for parameter in inspect.signature(MODELS["mobilenet"]).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            assert parameter.name in written["model"]
    assert written["training"]["schedule"]["name"] == "constant"


def test_overrides_win_and_take_yaml():
    config = load_config(
        "tiny", ["training.learning_rate=1e-3", "model.filters=[8, 8]", "augmentation.shift=0"]
    )
    assert config.training.learning_rate == 0.001  # PyYAML reads 1e-3 as text
    assert config.model.filters == (8, 8)
    assert config.augmentation.shift == 0


def test_exponents_in_a_file_are_numbers(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("model: {name: self_built}\ntraining: {learning_rate: 1e-3}\n")
    assert load_config(file).training.learning_rate == 0.001


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("augmentation.erasing", "true"),
        ("training.learning_rate", "yes"),
        ("training.early_stopping.patience", "on"),
        ("seed", "true"),
        ("model.filters", "[true, 8]"),
        ("data.counts", "{happy: true}"),
        ("augmentation.conditions", "{low_light: true}"),
        ("remedies.focal_loss.gamma", "true"),
    ],
)
def test_true_is_no_number(key, value):
    with pytest.raises(FerError, match=f"{key}: expected a number, not true or false, received"):
        load_config("tiny", [f"{key}={value}"])


def test_switches_and_options_still_take_true():
    config = load_config("tiny", ["training.deterministic=true", "remedies.mixup=true"])
    assert config.training.deterministic and config.remedies.mixup
    assert load_config("tiny", ["augmentation.erasing=1"]).augmentation.erasing == 1


def test_numbers_are_decimal_whatever_yaml_makes_of_them(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("model: {name: self_built}\ntraining: {epochs: 010}\n")
    assert load_config(file).training.epochs == 10
    given = ["seed=1_000", "augmentation.rotation=-.5e+0", "training.epochs=020"]
    with pytest.raises(FerError, match=r"augmentation.rotation: .* received -0.5"):
        load_config(file, given)
    config = load_config(file, [*given, "augmentation.rotation=+4.5"])
    assert (config.seed, config.training.epochs, config.augmentation.rotation) == (1000, 20, 4.5)
    for text in ("1:30", "0x10", "0b11", "0o7"):
        with pytest.raises(FerError, match=f"training.epochs: .* received '{text}'"):
            load_config(file, [f"training.epochs={text}"])
    with pytest.raises(FerError, match="learning_rate: .* received '1:30.5'"):
        load_config(file, ["training.learning_rate=1:30.5"])


def test_all_problems_are_told_at_once_with_the_remedy():
    values = {
        "model": {"name": "self_built", "filter": [1]},
        "training": {"early_stopping": {"patiance": 3}, "epochs": 0},
        "augmentation": {"fill": "purple"},
        "data": {"source": "synthetic", "form": {}},
    }
    with pytest.raises(FerError) as caught:
        parse_config(values, where="x.yaml")
    text = str(caught.value)
    assert text.startswith("x.yaml: 5 problems")
    assert "model.filter: unknown key (did you mean 'filters'?" in text
    assert "training.early_stopping.patiance: unknown key (did you mean 'patience'?" in text
    assert "training.epochs: " in text and "received 0" in text
    assert "augmentation.fill: " in text and "'purple'" in text
    assert "data.form: unknown key (did you mean 'forms'?" in text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"model": {"name": "mobilnet"}}, "unknown model 'mobilnet' (did you mean 'mobilenet'?"),
        ({"model": {}}, "model.name"),
        ({}, "model: missing"),
        ({"model": {"name": "self_built"}, "modle": {}}, "modle: unknown key"),
        ({"model": {"name": "self_built"}, "training": 3}, "training: "),
        ({"model": "self_built"}, "model"),
        ({"model": None}, "config: model: an empty section: write its keys below it"),
        ({"model": {"name": "self_built"}, "data": None}, "data: an empty section: write its"),
        ({"model": {"name": "self_built"}, "training": None}, "training: an empty section"),
    ],
)
def test_one_problem_is_one_line(values, expected):
    with pytest.raises(FerError) as caught:
        parse_config(values)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_config(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("a: [1")
    with pytest.raises(FerError, match="not YAML"):
        load_config(file)
    file.write_text("just text")
    with pytest.raises(FerError, match="expected sections"):
        load_config(file)
    with pytest.raises(FerError, match="did you mean 'mobilenet'"):
        load_config("mobilnet")


def test_overrides_that_are_none():
    with pytest.raises(FerError, match="expected key.path=value"):
        load_config("tiny", ["training.epochs"])


def test_data_on_the_command_line_replaces_data_of_another_kind(monkeypatch):
    assert load_config("tiny", data="/x.csv").data.source == "/x.csv"
    assert load_config("tiny", data="synthetic").data.n == load_config("tiny").data.n
    monkeypatch.setenv("FER2013_DIR", "/elsewhere")
    assert load_config("paper/mobilenet").data.source == "/elsewhere"
    assert load_config("paper/mobilenet", data="/x.csv").data.source == "/x.csv"
    assert load_config("tiny").data.source == "synthetic"
    monkeypatch.setenv("FER2013_DIR", "")
    assert load_config("paper/mobilenet").data.source is None


def test_flaws_of_embedded_data_come_from_the_command_line():
    section = parse_data({"source": "synthetic"}, ["data.blend={disgust: [angry, 0.6]}"])
    assert section.blend == {"disgust": ("angry", 0.6)}


def test_a_config_of_ones_own_has_the_repaired_recipe(tmp_path):
    file = tmp_path / "mine.yaml"
    for name in ("self_built", "mobilenet"):
        file.write_text(f"model: {{name: {name}}}\n")
        config = load_config(file)
        assert not config.augmentation.vertical_flip
        assert config.augmentation.shift == config.augmentation.zoom == 0.1
        assert config.training.learning_rate == 0.001
        assert config.training.schedule.name == "cosine"
    assert (config.model.momentum, config.model.offset) == (0.9, 1)


def test_keys_that_would_have_no_effect_are_refused():
    check_sections(["data.size=32", "data.folds=3"], "data")
    with pytest.raises(FerError) as caught:
        check_sections(["data.size=32", "training.epochs=3", "seed=1"], "data")
    assert "training.epochs: would have no effect" in str(caught.value)
    assert "seed: would have no effect" in str(caught.value)
    with pytest.raises(FerError, match="training.epochs"):
        parse_data({"source": "synthetic"}, ["training.epochs=1"])


@pytest.mark.parametrize(
    "override",
    [
        "model.filters=[1000000000]",
        "model.filters=[8,8,8,8,8,8,8,8,8]",
        "data.n=1000000000000",
        "data.counts={happy: 1000000000000}",
        "data.folds=1000000",
        "data.fold_seed=100000000000000000000000",
        "data.noise=1e300",
        "training.batch_size=10000000000",
        "training.epochs=100000000000",
        "training.images_per_epoch=10000000000000",
        "training.image_sizes=[100000]",
        "training.schedule.warmup_epochs=1e99",
        "remedies.logit_adjustment.tau=1e99",
        "remedies.focal_loss.gamma=1e99",
        "manipulations.keep_all.count=100000000000000",
        f"seed=0x{'f' * 6000}",
    ],
)
def test_numbers_have_limits_and_messages_too(override):
    with pytest.raises(FerError) as caught:
        load_config("tiny", [override])
    text = str(caught.value)
    assert len(text) < 600
