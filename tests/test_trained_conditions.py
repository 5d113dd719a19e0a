"""Conditions in training: who has one, what it does, and that a repetition is bit-identical."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from fer_analysis.conditions import CONDITIONS
from fer_analysis.conditions.mixture import Mixture
from fer_analysis.config import load_config
from fer_analysis.data.augmentation import Augmentation
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.evaluation.trained_conditions import trained_conditions
from fer_analysis.files import content_hash
from fer_analysis.run import Run
from fer_analysis.training.batches import Batches
from fer_analysis.training.preparation import make_recipe
from fer_analysis.training.sources import Source

STILL = {"shift": 0, "rotation": 0, "zoom": 0, "horizontal_flip": False, "vertical_flip": False}


@pytest.fixture(scope="module")
def faces():
    return generate(n=240, seed=0)


def recipe_of(faces, *overrides):
    config = load_config("tiny", ["training.batch_size=64", *overrides])
    return make_recipe(config, faces.part("train"), faces.part("validation"))


def still(*overrides):
    return [f"augmentation.{key}={str(value).lower()}" for key, value in STILL.items()] + [
        *overrides
    ]


def shown(batches, epoch):
    """Return an epoch's images, float32, in its order."""
    return np.concatenate([images.numpy() for images, _ in batches.epoch(epoch)])


def one_grey(images, *, severity, seed):
    """A condition that everybody recognises."""
    return np.full_like(images, severity)


def test_share_conditions_and_severities_are_drawn_as_asked():
    n, weights = 20_000, {"jpeg": 3.0, "dark": 1.0}
    drawn = Mixture(weights, 0.4, (2, 2, 5)).draw(n, seed=(0, 1))
    affected = drawn[drawn[:, 0] >= 0]

    def within(count, total, share):
        return abs(count - total * share) < 5 * np.sqrt(total * share * (1 - share))

    assert within(len(affected), n, 0.4)
    assert within((affected[:, 0] == 0).sum(), len(affected), 3 / 4)
    assert within((affected[:, 1] == 2).sum(), len(affected), 2 / 3)
    assert set(affected[:, 0]) == {0, 1}
    assert set(affected[:, 1]) == {2, 5}


def test_all_and_none_of_the_images():
    assert (Mixture({"jpeg": 1.0}, 1.0, (1,)).draw(500, seed=(0,)) == (0, 1)).all()
    for none in (Augmentation(conditions={"jpeg": 1.0}, condition_share=0), Augmentation()):
        assert (none.drawn_conditions(500, seed=0, epoch=0) == -1).all()


def test_draws_depend_on_seed_epoch_and_position_alone():
    augmentation = Augmentation(conditions={"jpeg": 1.0, "dark": 2.0})
    first = augmentation.drawn_conditions(50, seed=1, epoch=2)
    np.testing.assert_array_equal(first[:9], augmentation.drawn_conditions(9, seed=1, epoch=2))
    for other in ({"seed": 1, "epoch": 3}, {"seed": 2, "epoch": 2}):
        assert not np.array_equal(first, augmentation.drawn_conditions(50, **other))
    turned_round = Augmentation(conditions={"dark": 2.0, "jpeg": 1.0})
    np.testing.assert_array_equal(first, turned_round.drawn_conditions(50, seed=1, epoch=2))


def test_images_have_what_was_drawn_for_them_and_the_others_stay(faces):
    recipe = recipe_of(faces, *still("augmentation.conditions={dark: 1, surgical_mask: 1}"))
    images, order = shown(Batches(recipe), 2), recipe.order(2)
    drawn = recipe.augmentation.drawn_conditions(len(order), seed=recipe.seed, epoch=2)
    originals = recipe.train.images[order]
    expected = originals.copy()
    number = int(np.random.SeedSequence((recipe.seed, 2)).generate_state(1)[0])
    for row, (place, severity) in enumerate(drawn.tolist()):
        if place >= 0:
            condition = CONDITIONS[("dark", "surgical_mask")[place]]
            expected[row] = condition(originals[[row]], severity=severity, seed=number)[0]
    assert 10 < (drawn[:, 0] == 0).sum() < len(order) / 2
    np.testing.assert_array_equal(images, expected)


def test_a_mask_moves_with_the_face_and_noise_is_put_on_the_picture(faces):
    """Mirrored after the mask was put on; not mirrored after the noise was."""
    whole = ["augmentation.condition_share=1", "augmentation.condition_severities=[3]"]
    recipe = recipe_of(
        faces,
        *still("augmentation.vertical_flip=true", *whole),
        "augmentation.conditions=[surgical_mask]",
    )
    plain = recipe_of(faces, *still("augmentation.vertical_flip=true"))
    changed = shown(Batches(recipe), 0) != shown(Batches(plain), 0)
    mirrored = changed[:, :24].sum(axis=(1, 2, 3)) > changed[:, 24:].sum(axis=(1, 2, 3))
    turned = recipe.augmentation.transforms(len(changed), 48, 48, seed=recipe.seed, epoch=0)
    np.testing.assert_array_equal(mirrored, turned[:, 4] < 0)
    noisy = recipe_of(
        faces, "augmentation.rotation=20", *whole, "augmentation.conditions=[impulse_noise]"
    )
    specks = np.isin(shown(Batches(noisy), 0), (0, 255)).mean()
    assert specks > 0.04  # resampling would have made them grey


@pytest.mark.parametrize("sizes", ["[]", "[24, 48]"])
def test_a_repetition_and_a_resumed_run_see_the_same_bits(faces, sizes):
    names = ", ".join(CONDITIONS)
    overrides = [
        f"augmentation.conditions=[{names}]",
        "augmentation.condition_share=0.7",
        "augmentation.erasing=0.2",
        f"training.image_sizes={sizes}",
        "training.epochs=4",
    ]
    whole = Batches(recipe_of(faces, *overrides))
    epochs = [shown(whole, epoch) for epoch in range(4)]
    resumed = Batches(recipe_of(faces, *overrides))  # it has not seen epochs 0 to 2
    np.testing.assert_array_equal(shown(resumed, 3), epochs[3])
    assert not np.array_equal(epochs[2], epochs[3])
    side = 24 if sizes != "[]" else 48
    assert epochs[0].shape[1:] == (side, side, 1)
    for images in epochs:
        assert images.min() >= 0
        assert images.max() <= 255


def test_pixels_are_whole_grey_levels_where_a_condition_was_put_on(faces):
    recipe = recipe_of(
        faces, "augmentation.conditions=[gaussian_noise, jpeg]", "augmentation.condition_share=0.5"
    )
    images = shown(Batches(recipe), 0)
    drawn = recipe.augmentation.drawn_conditions(len(images), seed=recipe.seed, epoch=0)
    affected = drawn[:, 0] >= 0
    np.testing.assert_array_equal(images[affected], np.rint(images[affected]))
    plain = shown(Batches(recipe_of(faces)), 0)
    np.testing.assert_array_equal(images[~affected], plain[~affected])


def test_a_condition_of_my_own_is_trained_on_from_the_moment_it_is_in_the_table(faces, monkeypatch):
    overrides = still("augmentation.conditions={mine: 2}", "augmentation.condition_share=0.5")
    with pytest.raises(FerError, match="unknown condition 'mine'"):
        recipe_of(faces, *overrides)
    monkeypatch.setattr(CONDITIONS, "_entries", dict(CONDITIONS._entries))
    CONDITIONS.add("mine", f"{__name__}:one_grey")
    recipe = recipe_of(faces, *overrides)
    images = shown(Batches(recipe), 0)
    drawn = recipe.augmentation.drawn_conditions(len(images), seed=recipe.seed, epoch=0)
    mine = drawn[:, 0] == 0
    assert 0.3 < mine.mean() < 0.7
    assert (images[mine] == drawn[mine, 1][:, None, None, None]).all()
    assert images[~mine].std() > 10


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("conditions=[jpeg, gausian_noise]", "did you mean 'gaussian_noise'?"),
        ("conditions.jpg=1", "unknown condition 'jpg' (did you mean 'jpeg'?"),
        ("conditions=3", "expected names of conditions"),
        ("conditions.jpeg=0", "conditions.jpeg: input should be greater than 0"),
        ("condition_severities=[1, 6]", "less than or equal to 5"),
        ("condition_severities=[]", "at least 1"),
        ("condition_share=2", "less than or equal to 1"),
    ],
)
def test_a_mistake_in_the_config_is_named(override, message):
    with pytest.raises(FerError) as caught:
        load_config("tiny", [f"augmentation.{override}"])
    assert message in str(caught.value)


def test_names_are_equal_weights_and_the_config_reads_itself_back(tmp_path):
    config = load_config("tiny", ["augmentation.conditions=[jpeg, dark]"])
    assert config.augmentation.conditions == {"jpeg": 1, "dark": 1}
    (tmp_path / "config.yaml").write_text(config.to_yaml())
    assert load_config(tmp_path / "config.yaml").augmentation == config.augmentation
    built = config.augmentation.build()
    assert pickle.loads(pickle.dumps(built)) == built


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["augmentation.conditions=[jpeg, dark]"], {"jpeg", "dark"}),
        (["augmentation.conditions=[jpeg]", "augmentation.condition_share=0"], set()),
        ([], set()),
    ],
)
def test_a_stress_test_knows_what_a_run_was_trained_on(tmp_path, overrides, expected):
    run = Run.create(load_config("tiny", overrides), tmp_path / "run")
    assert trained_conditions(run) == expected


def run_of(folder, *conditions, start=None, **environment):
    """Write a run directory with these conditions, as a training or an ensemble leaves it."""
    overrides = [f"augmentation.conditions=[{', '.join(conditions)}]"] if conditions else []
    overrides += [f"training.initial_weights={start}"] if start else []
    run = Run.create(load_config("tiny", overrides), folder)
    run.write_environment({"seed": 0, "data": {"fingerprint": "0"}, **environment})
    run.model_file.write_bytes(folder.name.encode())
    return run


def record(run):
    return Source(run.name, run, content_hash(run.model_file)).record()


def test_what_a_start_and_members_were_trained_on_counts_as_well(tmp_path):
    first, plain = run_of(tmp_path / "first", "jpeg", "dark"), run_of(tmp_path / "plain")
    begun = run_of(tmp_path / "begun", "hand", sources={"initial weights": record(first)})
    assert trained_conditions(begun) == {"jpeg", "dark", "hand"}
    members = [record(plain), record(begun)]
    ensemble = run_of(tmp_path / "both", members=members)
    assert trained_conditions(ensemble) == {"jpeg", "dark", "hand"}


@pytest.mark.parametrize(("same", "expected"), [(True, {"jpeg", "hand"}), (False, {"hand"})])
def test_a_start_of_an_earlier_version_is_read_where_it_is_still_the_same(tmp_path, same, expected):
    first = run_of(tmp_path / "first", "jpeg")
    earlier = {key: value for key, value in record(first).items() if key != "conditions"}
    begun = run_of(
        tmp_path / "begun", "hand", start=first.path, sources={"initial weights": earlier}
    )
    if not same:
        first.model_file.write_bytes(b"trained again")
    assert trained_conditions(begun) == expected


def test_what_augmentation_makes_of_faces_has_conditions_too(faces):
    _, versions = Augmentation(
        **STILL, conditions={"overexposed": 1.0}, condition_share=1, condition_severities=(5,)
    ).examples(faces, versions=2)
    originals, plain = Augmentation(**STILL).examples(faces, versions=2)
    expected = np.clip(originals.astype(int) * 4, 0, 255)
    np.testing.assert_array_equal(versions[:, 0], expected)
    np.testing.assert_array_equal(plain[:, 1], originals)
