"""Tables of what lies in configs/: every config, every study."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from tables.evidence import RESULTS, ROOT, markdown, read_json, share_of

CONFIGS = ROOT / "configs"


def configs() -> str:
    """Every config: what its head says it is, and what it was measured to reach."""
    folders = ("", "improved", "paper", "demo")
    files = [file for folder in folders for file in sorted((CONFIGS / folder).glob("*.yaml"))]
    rows = []
    for file in files:
        name = file.relative_to(CONFIGS).with_suffix("").as_posix()
        record = RESULTS / f"{name.replace('/', '_')}.json"
        measured = minutes = ""
        if record.is_file():
            found = read_json(record)
            block = found["evaluation"]["leak_free"]
            measured = f"{share_of(block['accuracy'])} of {block['n']:,}"
            minutes = f"{found['minutes']:.0f}"
        rows.append((f"[`{name}`]({name}.yaml)", _first_sentence(file), measured, minutes))
    return markdown(("config", "what it is", "leak-free PublicTest", "minutes"), rows)


def studies() -> str:
    """Every study file and its question."""
    rows = [
        (f"[`{file.stem}`]({file.name})", yaml.safe_load(file.read_text())["question"])
        for file in sorted((CONFIGS / "studies").glob("*.yaml"))
    ]
    return markdown(("study", "question"), rows)


def _first_sentence(file: Path) -> str:
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        text = line.removeprefix("# ").strip()
        if not line.startswith("# ") or text.startswith("- "):
            break
        lines.append(text)
    return re.match(r"(.*?[.:])(\s|$)", " ".join(lines) + " ")[1].rstrip(":.")
