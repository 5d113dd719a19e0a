#!/usr/bin/env python3
"""Measure `fer predict FILM` on films of drawn faces that move and change at known frames.

    python scripts/film_cost.py --minutes 1 10 --out configs/results/films.json

One face wanders and changes its expression every 15 seconds; another one comes for 20 seconds out
of 30 and leaves. Each film goes through `fer predict` in a process of its own: its peak memory,
its time, the tracks that it found beside those that are there, and the changes of expression with
their delay. Then a film that was cut in the middle of a frame.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image

from fer_analysis.data.synthetic.action_units import FORMS, units
from fer_analysis.data.synthetic.draw import TRAITS, draw
from fer_analysis.errors import FerError
from fer_analysis.faces.opencv import import_opencv
from fer_analysis.files import write_json

WIDTH, HEIGHT, FPS, SIDE = 320, 240, 10, 96
EXPRESSIONS = ("happy", "surprise")
"""Those that the bundled network reads in drawn faces as what they are."""

CHANGES = 15
"""Seconds from one change to the next."""

COMES, STAYS, AGAIN = 5, 20, 30
"""Seconds: the second face comes first, stays, and comes again."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--out", type=Path, help="write all figures as JSON")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            films = [measure(minutes, Path(folder)) for minutes in options.minutes]
            record = {"films": films, "cut": cut(Path(folder))}
    except FerError as error:
        raise SystemExit(f"Error: {error}") from None
    if options.out:
        write_json(options.out, record)


def measure(minutes: int, folder: Path) -> dict:
    """Make a film, predict it, and compare what was found with what is there."""
    film = make(folder / f"{minutes}.mp4", 60 * minutes, "mp4v")
    out = folder / f"{minutes}"
    told, used = predict(film, out)
    with open(out / "timeline.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = {
        "minutes": minutes,
        "frames": FPS * 60 * minutes,
        "looked_at": told["frames"],
        **used,
        "tracks": tracks(told["tracks"], 60 * minutes),
        "changes": changes([row for row in rows if row["track"] == "1"], 60 * minutes),
    }
    print(json.dumps(found, indent=1))
    return found


def make(path: Path, seconds: int, codec: str) -> Path:
    """Write the film."""
    cv2 = import_opencv()
    drawn = {name: face(name) for name in (*EXPRESSIONS, "neutral")}
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), FPS, (WIDTH, HEIGHT))
    grey = np.random.default_rng(0).normal(120, 4, (HEIGHT, WIDTH, 1))
    ground = np.clip(grey, 0, 255).astype(np.uint8).repeat(3, axis=2)
    for index in range(FPS * seconds):
        now = index / FPS
        frame = ground.copy()
        left, top = round(35 + 30 * np.sin(now / 2)), round(70 + 40 * np.sin(now / 3))
        expression = EXPRESSIONS[int(now // CHANGES) % 2]
        frame[top : top + SIDE, left : left + SIDE] = drawn[expression][..., None]
        if now >= COMES and (now - COMES) % AGAIN < STAYS:
            frame[80 : 80 + SIDE, 210 : 210 + SIDE] = drawn["neutral"][..., None]
        writer.write(frame)
    writer.release()
    return path


def face(expression: str) -> np.ndarray:
    """Return a drawn face, uint8 `(SIDE, SIDE)`, with the middle of all traits."""
    middle = {n: np.array([(low + high) / 2], np.float32) for n, (low, high) in TRAITS.items()}
    [drawn] = draw(middle, units(FORMS[expression][0])[None])
    pixels = Image.fromarray((255 * np.clip(drawn, 0, 1)).astype(np.uint8))
    return np.asarray(pixels.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def predict(film: Path, out: Path) -> tuple[dict, dict]:
    """Run `fer predict` on a film; return what it printed, its memory and its time."""
    command = [sys.executable, "-m", "fer_analysis", "predict", film, "--out", out, "--json"]
    start = time.perf_counter()
    with open(out.with_suffix(".json"), "w+", encoding="utf-8") as file:
        child = subprocess.Popen(list(map(str, command)), stdout=file, stderr=subprocess.PIPE)
        errors = child.stderr.read().decode()
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        file.seek(0)
        text = file.read()
    told = json.loads(text) if text else {"error": errors.strip().splitlines()[-1]}
    return told, {
        "peak_memory_mb": round(used.ru_maxrss / 1024, 1),
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "seconds": round(time.perf_counter() - start, 1),
        "exit_code": child.returncode,
    }


def tracks(found: list[dict], seconds: int) -> dict:
    """Compare the tracks with the faces that are there: first one, then the second's visits."""
    there = [(0.0, seconds), *((s, s + STAYS) for s in range(COMES, seconds, AGAIN))]
    there = [(start, min(end, seconds)) for start, end in there]
    off = [
        max(abs(track["start"] - start), abs(track["end"] - end))
        for track, (start, end) in zip(found, there, strict=False)
    ]
    return {"there": len(there), "found": len(found), "most_seconds_off": round(max(off), 2)}


def changes(rows: list[dict], seconds: int) -> dict:
    """Compare the changes of the first face's label with those that are there."""
    times = [float(row["seconds"]) for row in rows]
    labels = [row["label"] for row in rows]
    found = [
        (time, label)
        for (_, before), (time, label) in pairwise(zip(times, labels, strict=True))
        if label != before
    ]
    there = range(CHANGES, seconds, CHANGES)
    delays, used = [], set()
    for index, second in enumerate(there, start=1):
        wanted = EXPRESSIONS[index % 2]
        for time_, label in found:
            if label == wanted and second <= time_ <= second + CHANGES / 2:
                delays.append(time_ - second)
                used.add(time_)
                break
    agree = [
        label == EXPRESSIONS[int(now // CHANGES) % 2]
        for now, label in zip(times, labels, strict=True)
        if now % CHANGES >= 1
    ]
    return {
        "there": len(there),
        "found": len(delays),
        "delay_median": round(statistics.median(delays), 2) if delays else None,
        "delay_most": round(max(delays), 2) if delays else None,
        "others": len(found) - len(used),
        "frames_as_drawn": [sum(agree), len(agree)],
    }


def cut(folder: Path) -> dict:
    """Predict a film that ends in the middle of a frame, in a format that allows it and in one
    that does not."""
    result = {}
    for suffix, codec in ((".avi", "MJPG"), (".mp4", "mp4v")):
        whole = make(folder / f"whole{suffix}", 20, codec)
        size = whole.stat().st_size
        short = folder / f"cut{suffix}"
        short.write_bytes(whole.read_bytes()[: round(0.6 * size)])
        told, used = predict(short, folder / f"cut-{codec}")
        shown = {key: told[key] for key in ("frames", "seconds", "damage", "error") if key in told}
        said = {key: str(value).replace(f"{folder}/", "") for key, value in shown.items()}
        result[suffix[1:]] = said | {"exit_code": used["exit_code"]}
    print(json.dumps(result, indent=1))
    return result


if __name__ == "__main__":
    main()
