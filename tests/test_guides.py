"""README and guides: links, commands, code and tables are right, and the guides are shown."""

from __future__ import annotations

import ast
import csv
import importlib.util
import json
import re
import shlex
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import fer_analysis
from fer_analysis.cli import main
from fer_analysis.cli.tables.markdown import column_widths
from fer_analysis.config import config_keys
from fer_analysis.data import LAYOUTS
from fer_analysis.errors import FerError
from fer_analysis.guides import FIRST, FOLDER, all_guides, anchor, find_guide, write_pages
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.remedies import REMEDIES
from fer_analysis.saliency import METHODS
from fer_analysis.shipped import CONFIGS, shipped_configs

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
GUIDES = sorted(FOLDER.glob("*.md"))
PAGES = [README, *GUIDES, *sorted((ROOT / "configs").rglob("*.md"))]
REFERENCE = FOLDER / "reference.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", [page for page in PAGES if page != REFERENCE], ids=names)
def test_a_page_is_short(page):
    lines = page.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= (250 if page == README else 299)
    assert lines[0].startswith("# ")


def anchors(page: Path) -> set[str]:
    return {anchor(heading) for heading in re.findall(r"^#+ (.*)", prose(page), re.M)}


def broken_links(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    broken = []
    for target in re.findall(r"\]\(([^)]+)\)", re.sub(r"`[^`\n]*`", "", prose(page))):
        if "://" in target:
            continue
        path, _, part = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (part and part not in anchors(file)):
            broken.append(target)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_every_link_leads_somewhere(page):
    assert not broken_links(page)


def test_a_link_to_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# A title\n[a](#a-title) [b](#b) [c](c.md)\n```\n[e](e)\n```")
    assert broken_links(page) == ["#b", "c.md"]


def commands(page: Path) -> list[str]:
    """Return every `fer ...` of a page's blocks and of its text."""
    text = page.read_text(encoding="utf-8")
    found = []
    for _, block in FENCE.findall(text):
        lines = re.sub(r"\\\n\s*", "", block).splitlines()
        found += [line.strip().removeprefix("$ ") for line in lines]
    flowing = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(page))]
    return [line for line in (*found, *flowing) if re.match(r"fer [a-z-]", line)]


def problem(line: str) -> str | None:
    """Return what is wrong with a command; it is parsed and not run."""
    words = shlex.split(line, comments=True)[1:]
    command, context = main, click.Context(main, info_name="fer")
    while isinstance(command, click.Group):
        if not words:
            return None
        word = words.pop(0)
        if word.isupper() or word == "--help":
            return None
        if word not in command.commands:
            return f"no command {word!r}"
        command = command.commands[word]
        context = click.Context(command, info_name=word, parent=context)
    return problem_of(command, context, words)


def problem_of(command: click.Command, context: click.Context, words: list[str]) -> str | None:
    if len(words) == 1 and words[0].startswith("--"):
        return unknown_option(command, words[0])
    try:
        options, _, _ = command.make_parser(context).parse_args(list(words))
    except click.UsageError as error:
        return error.message
    given = {name: values_of(value) for name, value in options.items()}
    for option in command.params:
        if isinstance(option.type, click.Choice):
            known = {*option.type.choices, "mine"}
            unknown = [value for value in given.get(option.name, ()) if value not in known]
            if unknown and not unknown[0].isupper():
                return f"no {option.name} {unknown[0]!r}"
    for setting in given.get("overrides", ()):
        if not key_exists(setting.partition("=")[0]):
            return f"no key {setting!r}"
    return unknown_config(command, given)


def values_of(value: object) -> tuple[str, ...]:
    """Return the words that were given for an option; none where it was not."""
    values = value if isinstance(value, (list, tuple)) else (value,)
    return tuple(value for value in values if isinstance(value, str))


def unknown_option(command: click.Command, name: str) -> str | None:
    """Return what is wrong with an option that a text names without its value."""
    known = ["--help", *(opt for option in command.params for opt in option.opts)]
    return None if name in known else f"No such option: {name}"


def key_exists(key: str) -> bool:
    """Return whether a config has a key; `mine` is an entry that a reader would add."""
    known = [every.path for every in config_keys()]
    return ".mine" in key or any(f"{every}.".startswith(f"{key}.") for every in known)


def unknown_config(command: click.Command, given: dict[str, tuple[str, ...]]) -> str | None:
    """Return what is wrong with the bare name of a config or of a study."""
    studies = {path.stem for path in (CONFIGS / "studies").glob("*.yaml")}
    known, kind = {
        "train": (shipped_configs(), "config"),
        **dict.fromkeys(("run", "keep", "status", "show"), (studies, "study")),
    }.get(command.name, ((), ""))
    named = [*given.get("config", ()), *given.get("model", ()), *given.get("file", ())]
    bare = [name for name in named if re.fullmatch(r"[a-z_]+(/[a-z_]+)?", name) and name != "mine"]
    return next((f"no {kind} {name!r}" for name in bare if kind and name not in known), None)


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_every_command_exists_with_its_options(page):
    wrong = {line: found for line in commands(page) if (found := problem(line))}
    assert not wrong


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fer trian tiny", "no command 'trian'"),
        ("fer train nosuch --data PATH", "no config 'nosuch'"),
        ("fer evaluate --splitt test", "such option"),
        ("fer evaluate --split tests", "no split 'tests'"),
        ("fer train tiny --set training.epoch=3", "no key 'training.epoch=3'"),
        ("fer study run nosuch --data PATH", "no study 'nosuch'"),
        ("fer train tiny --set training.epochs=3  # a minute", None),
    ],
)
def test_a_wrong_command_is_found(line, message):
    found = problem(line)
    assert (found is None) if message is None else (message in (found or ""))


def python_blocks(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [block for language, block in FENCE.findall(text) if language == "python"]


@pytest.mark.parametrize("page", GUIDES, ids=names)
def test_the_python_of_a_guide_runs(page, tmp_path, monkeypatch):
    """A block that names a run of the reader's is compiled, and what it imports is there."""
    monkeypatch.chdir(tmp_path)
    for block in python_blocks(page):
        tree = ast.parse(block)
        if "runs/" in block or "PATH" in block:
            tree.body = [
                node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))
            ]
        exec(compile(tree, page.name, "exec"), {})


def script(name: str):
    """Return a script as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tables(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return script("readme_table")


def test_the_reference_is_that_of_the_program():
    # In a process of its own: click keeps the help options of commands that tests looked at before.
    code = "import reference, sys; sys.stdout.buffer.write(reference.reference().encode())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "scripts", capture_output=True, check=True
    )
    assert REFERENCE.read_bytes() == done.stdout, "run: python scripts/reference.py"


def test_every_public_name_and_command_is_in_the_reference():
    headings = {*re.findall(r"^### (.*)", REFERENCE.read_text(encoding="utf-8"), re.M)}
    assert {f"fer {name}" for name in main.commands} <= headings
    assert {*fer_analysis.__all__} <= headings


@pytest.mark.parametrize("page", PAGES, ids=names)
def test_tables_are_those_of_the_records(page, tables):
    text = page.read_text(encoding="utf-8")
    assert tables.with_tables(text) == text, "run: python scripts/readme_table.py"


def test_every_table_stands_somewhere_and_a_changed_figure_is_found(tables):
    module, texts = tables, "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert {*re.findall(r"<!-- table: (\w+) -->", texts)} == {*module.TABLES}
    old = README.read_text(encoding="utf-8")
    wrong = re.sub(
        r"(<!-- table: summary -->.*?)\d\d\.\d %", r"\g<1>99.9 %", old, count=1, flags=re.S
    )
    assert wrong != old
    assert module.with_tables(wrong) == old


def record(name):
    return json.loads((ROOT / "configs" / name).read_text(encoding="utf-8"))


def figures_in_sentences():
    """Yield a page and what it must say, made from the records."""
    best = record("results/best.json")["evaluation"]
    for part, images in (("all", "images with"), ("leak_free", "leak-free")):
        votes = best[part]["annotators"]
        low, high = votes["modal_agreement"]["interval"]
        value = f"{100 * votes['modal_agreement']['value']:.1f} %"
        yield "your-own-data", f"{value} [{100 * low:.1f}-{100 * high:.1f}]"
        yield "your-own-data", f"{votes['n']:,} {images}"
    yield "README", f"{value} of the {votes['n']:,} leak-free"
    both = zip(best["all"]["labels"], best["leak_free"]["labels"], strict=True)
    for every, free in both:
        yield (
            "results",
            f"{every['label']} {100 * every['recall']:.0f}, {100 * free['recall']:.0f} %",
        )
    pair = record("results/wheel.json")["differences"]["wheel, Keras"]["accuracy"]
    value, low = 100 * pair["value"], 100 * pair["low"]
    yield "the-network", f"{value:.1f} points more often [{low:+.1f}"
    labels = {row["label"]: row for row in record("studies/results/diagnosis.json")["labels"]}
    disgust = labels["disgust"]
    recalls = [f"{100 * disgust[key]['value']:.0f}" for key in ("recall", "corrected")]
    yield "README", f"(disgust: {recalls[0]} %)"
    yield "README", f"to {recalls[1]} % of {disgust['n']} faces"
    for title, key in (("angry", "ambiguity"), ("fear", "ambiguity")):
        [cause] = [one for one in labels[title]["causes"] if one["name"] == key]
        assert cause["verdict"] == "shown"
    with (ROOT / "configs/studies/results/planted_causes.csv").open(encoding="utf-8") as file:
        asked = [row for row in csv.DictReader(file) if 910 <= int(row["seed"]) <= 916]

    def correct(votes: bool, **fixed: str) -> tuple[int, int]:
        """Return of how many cases the verdict is right, and how many there are."""
        fixed |= {"votes": str(votes)}
        some = [row for row in asked if all(row[key] == value for key, value in fixed.items())]
        if "network" not in fixed.values():
            some = [r for r in some if r["condition"] != "none" and " with " not in r["condition"]]
        return sum(row["right"] == "True" for row in some), len(some)

    one, every = correct(True, classifier="network")
    yield "README", f"correct for {one} of {every} data sets with votes"
    yield "README", f"{correct(False, classifier='network')[0]} without [84-99 %]"
    guide, quick = "planted-causes", {"classifier": "quick", "level": "medium"}
    (one, every), (other, _) = (correct(v, **quick, set="first", scale="1") for v in (True, False))
    yield guide, f"missed with votes** ({one} of {every}; without {other},"
    small, large = (
        [correct(votes, **quick, set="first", scale=scale) for votes in (True, False)]
        for scale in ("0.45", "1.8")
    )
    yield guide, f"images {small[0][0]} and {small[1][0]} of {small[0][1]} are correct"
    yield guide, f"1.8 times {large[0][0]} and {large[1][0]}."
    one, every = correct(True, **quick, set="two labels")
    yield guide, f"verdict is correct in {one} of {every} data sets"


@pytest.mark.parametrize(("page", "text"), [*figures_in_sentences()])
def test_figures_in_sentences_are_those_of_the_records(page, text):
    path = README if page == "README" else FOLDER / f"{page}.md"
    assert text in " ".join(path.read_text(encoding="utf-8").split())


def test_every_entry_of_a_table_and_every_public_name_is_described():
    def text(name):
        return (FOLDER / f"{name}.md").read_text(encoding="utf-8")

    for table, guide in (
        (REMEDIES, "remedies"),
        (MANIPULATIONS, "studies"),
        (METHODS, "saliency"),
        (LAYOUTS, "your-own-data"),
        (shipped_configs(), "training"),
        (fer_analysis.__all__, "python"),
    ):
        assert [name for name in table if f"`{name}`" not in text(guide)] == []


def test_guides_travel_in_the_wheel():
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert any(fnmatch("fer_analysis", pattern) for pattern in build["targets"]["wheel"]["include"])
    assert not build["targets"]["wheel"].get("exclude")
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    files = [path.relative_to(ROOT).as_posix() for path in FOLDER.rglob("*") if path.is_file()]
    for file in files:
        assert file.endswith(".pyc") or not any(fnmatch(file, p) for p in ignored if p), file


def test_pictures_are_small_and_every_one_is_shown():
    files = [*(FOLDER / "pictures").iterdir()]
    assert sum(file.stat().st_size for file in files) < 400_000
    shown = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [file.name for file in files if f"pictures/{file.name}" not in shown] == []


def test_the_list_of_guides_is_made_from_the_files():
    guides = all_guides()
    assert {guide.name for guide in guides} == {path.stem for path in GUIDES}
    assert guides[0].name == FIRST
    result = CliRunner().invoke(main, ["guide"])
    assert result.exit_code == 0
    for guide in guides:
        assert guide.name in result.stdout
        assert guide.title.split()[0] in result.stdout


def test_a_guide_is_shown_and_a_wrong_name_is_one_line():
    result = CliRunner().invoke(main, ["guide", "saliency"])
    assert result.exit_code == 0
    assert "enrichment" in result.stdout
    assert "<!--" not in result.stdout
    with pytest.raises(FerError, match="did you mean 'saliency'"):
        find_guide("saliancy")


@pytest.mark.parametrize("guide", all_guides(), ids=lambda guide: guide.name)
def test_no_word_or_figure_of_a_table_is_cut(guide, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    result = CliRunner().invoke(main, ["guide", guide.name])
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert result.stdout.count("…") <= guide.text.count("…")
    shown = result.stdout.split()
    rows = [line for line in guide.text.splitlines() if line.startswith("|")]
    figures = {
        word for row in rows for word in row.split() if re.fullmatch(r"[a-z]{3,}|[\d.,]+", word)
    }
    assert figures <= {word.rstrip(":") for word in shown}, guide.name


def test_a_table_gives_each_column_its_longest_word():
    assert column_widths([["label", "fear"], ["gain, points", "+1"]], 40) == [5, 12]
    assert column_widths([["a label", "fear"], ["gain, points", "+1"]], 14) == [5, 8]
    assert column_widths([["label", "surprise"], ["points", "1"]], 13) is None


def test_a_guide_opens_in_the_browser(monkeypatch):
    opened = []
    monkeypatch.setattr(click, "launch", opened.append)
    assert CliRunner().invoke(main, ["guide", "saliency", "--open"]).exit_code == 0
    [address] = opened
    assert "<h1" in Path(address.removeprefix("file://")).read_text(encoding="utf-8")


def test_pages_link_to_each_other(tmp_path):
    write_pages(tmp_path)
    page = (tmp_path / "saliency.html").read_text(encoding="utf-8")
    assert '<h2 id="evidence-planted-cues">' in page
    for path in tmp_path.glob("*.html"):
        for target in re.findall(r'href="([\w-]+\.html)', path.read_text(encoding="utf-8")):
            assert (tmp_path / target).is_file(), target
