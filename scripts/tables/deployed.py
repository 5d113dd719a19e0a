"""Tables of what a network costs outside: its speed, photos, films, other formats."""

from __future__ import annotations

from tables.evidence import RESULTS, estimate, markdown, of, read_json, row_of, share_of


def wheel() -> str:
    """The bundled network beside that of the PyPI package, each as Keras file and quantised."""
    networks = read_json(RESULTS / "wheel.json")["networks"]
    names = ("bundled", "wheel, Keras", "bundled, LiteRT", "wheel, TFLite")
    columns = [networks[name] for name in names]

    def correct(part: str, label: str) -> list[str]:
        return [of(row_of(network[part], label)) for network in columns]

    def speed(network: dict) -> str:
        both = network["images_per_second"]
        return "; ".join(f"{both[way]['median']:,.0f}" for way in ("batches", "one_by_one"))

    rows = [
        ("accuracy, all 3,589", *(estimate(network["all"]) for network in columns)),
        ("leak-free, 3,309", *(estimate(network["leak_free"]) for network in columns)),
        (
            "macro-F1, all / leak-free",
            *(
                f"{100 * c['all']['macro_f1']:.1f} / {100 * c['leak_free']['macro_f1']:.1f} %"
                for c in columns
            ),
        ),
        ("disgust correct", *correct("all", "disgust")),
        ("disgust correct, leak-free", *correct("leak_free", "disgust")),
        ("fear correct, leak-free", *correct("leak_free", "fear")),
        ("images/s, batches; one by one", *map(speed, columns)),
        ("file to first answer, ms", *(f"{1000 * c['load_seconds']:.0f}" for c in columns)),
        ("MB", *(f"{network['bytes'] / 1e6:.2f}" for network in columns)),
    ]
    heads = ("`bundled`, Keras", "the wheel, Keras", "`bundled`, LiteRT", "the wheel, TFLite")
    return markdown(("", *heads), rows)


def wheel_photos() -> str:
    """From a photo to an answer: this package beside that of PyPI with its own detector."""
    record = read_json(RESULTS / "photos_wheel.json")
    sides = ("ours", "theirs")

    def shares(figures: dict) -> str:
        return "; ".join(f"{100 * figures[side]['value']:.1f}" for side in sides)

    def times(row: dict) -> tuple[str, str]:
        ratio = row["theirs_to_ours"]
        digits = 0 if row["ours"] > 0.1 else 1
        both = "; ".join(f"{1000 * row[side]:.{digits}f}" for side in sides)
        return both, f"{ratio['median']:.2f} ({ratio['least']:.2f}-{ratio['most']:.2f})"

    rows = [
        (
            f"{row['pixels']} pixels",
            shares(row["found"]),
            shares(row["correct_of_all"]),
            paired(row["difference_of_all"]),
            f"{shares(row['correct_of_both'])}; {row['difference_of_both']['n']}",
            paired(row["difference_of_both"]),
            "; ".join(str(row["false_faces"][side]) for side in sides),
        )
        for row in record["sizes"]
    ]
    head = ("faces of", "found, %", "correct of all, %", "difference, points")
    ends = ("correct of those that both find, %; n", "difference, points", "false faces")
    first = markdown((*head, *ends), rows)
    named = [(f"photo with a face of {r['pixels']} pixels", r["seconds"]) for r in record["sizes"]]
    named += [(f"photo of {name}", row) for name, row in record["seconds_by_photo"].items()]
    names = {"wall": "by the clock", "processor": "processor time"}
    named += [(f"process start to answer, {names[k]}", r) for k, r in record["start"].items()]
    rows = [(name, *times(row)) for name, row in named]
    second = markdown(("", "ms", "the wheel's time, times ours (range)"), rows)
    return f"{first}\n\n{second}"


def photos_in_a_sentence(pixels: int = 128) -> str:
    """Both packages on photos with faces of one size."""
    record = read_json(RESULTS / "photos_wheel.json")
    row = next(row for row in record["sizes"] if row["pixels"] == pixels)
    (found, correct), (others, right) = (
        [share_of(row[key][side]) for key in ("found", "correct_of_all")]
        for side in ("ours", "theirs")
    )
    return (
        f"In {record['n']} composed photos, each with one PublicTest face enlarged to {pixels} "
        f"pixels, `fer predict` with `[photos]` finds {found} of the faces and is correct for "
        f"{correct} of all; the package `fer` with its own detector finds {others} and is correct "
        f"for {right} "
        "([method](fer_analysis/guides/the-network.md#from-a-photo-to-an-answer))."
    )


def exports() -> str:
    """Every format of `fer export`, of every network that is recorded."""
    rows = []
    for name, run in read_json(RESULTS / "exports.json").items():
        for found in run["formats"]:
            worst = min(found["labels"], key=lambda row: row["difference"]["value"])
            loses = worst["difference"]["value"] < 0
            speed = found["images_per_second"]
            rates = [
                speed["exported"][way] / speed["keras"][way] for way in ("one_by_one", "at_once")
            ]
            rows.append(
                (
                    f"`{name}`",
                    f"{found['to']}, {found['quantize']}",
                    f"{found['bytes'] / 1e6:.1f} ({run['keras_bytes'] / 1e6:.1f})",
                    f"{100 * found['accuracy']['exported']:.1f}",
                    paired(found["accuracy"]["difference"]),
                    f"{worst['label']} {paired(worst['difference'])}" if loses else "none",
                    f"{found['same_label']:,} of {found['n']:,}",
                    f"{found['largest_difference']:.3f}",
                    "; ".join(f"{rate:.2f}" for rate in rates),
                )
            )
    head = ("network", "format", "MB (Keras)", "accuracy, %", "difference, points")
    ends = ("label that loses most, points", "the same label", "largest difference")
    return markdown((*head, *ends, "speed, times Keras: one by one; at once"), rows)


def photos() -> str:
    """What detection and cropping cost, condition by condition, and by label."""
    record = read_json(RESULTS / "photos.json")

    def interval(figure: dict) -> str:
        if not figure["n"]:
            return "none"
        value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
        return f"{value:.1f} [{low:.1f}-{high:.1f}]"

    rows = [
        (
            row["condition"],
            interval(row["found"]),
            str(row["accuracy"]["n"]),
            interval(row["accuracy"]),
            interval(row["crops"]),
            paired(row["difference"]),
            interval(row["changed"]),
            *(interval(row[key]) for key in ("not_unsure", "correct_of_not_unsure")),
        )
        for row in record["conditions"]
    ]
    head = ("condition", "found, %", "n found", "accuracy, %", "the same as crops, %")
    ends = ("difference, points", "answers changed, %", "not unsure, %", "correct of these, %")
    table = markdown((*head, *ends), rows)
    boxes = {1: "one box each", 5: "the average of 5 boxes each"}
    rows = [
        (
            f"{100 * row['off']:.0f} %",
            boxes[row["boxes"]],
            f"{interval(row['differ'])} of {row['differ']['n']}",
            f"{interval(row['sure'])} of {row['sure']['n']}",
        )
        for row in record["stability"]
    ]
    head = ("boxes off by", "two times", "another label, %", "where both are not unsure, %")
    stable = markdown(head, rows)
    by_label = record["by_label"]["labels"].items()
    labels = [(name, row["difference"]) for name, row in by_label]
    labels = [(name, str(figure["n"]), paired(figure)) for name, figure in labels]
    second = markdown(("label", "n", "difference of recall, points"), labels)
    again = "The same face two times, by boxes that are off by chance:"
    return f"{table}\n\n{again}\n\n{stable}\n\nBy label, faces of 128 pixels:\n\n{second}"


def films() -> str:
    """What was found in films of drawn faces, and what it took."""
    rows = []
    for film in read_json(RESULTS / "films.json")["films"]:
        tracks, changes = film["tracks"], film["changes"]
        right, frames = changes["frames_as_drawn"]
        rows.append(
            (
                f"{film['minutes']} min, {film['frames']:,} frames",
                f"{film['looked_at']:,}",
                f"{film['peak_memory_mb']:.0f} MB",
                f"{film['processor_seconds']:.0f} s",
                f"{tracks['found']} of {tracks['there']}",
                f"{tracks['most_seconds_off']:.1f} s",
                f"{changes['found']} of {changes['there']}, {changes['others']} others",
                f"{changes['delay_median']:.1f} s, {changes['delay_most']:.1f} s",
                f"{right:,} of {frames:,}",
            )
        )
    head = ("film", "looked at", "peak memory", "processor time", "faces followed", "at most off")
    ends = ("changes found", "delay, median and most", "labels as drawn")
    return markdown((*head, *ends), rows)


def paired(figure: dict) -> str:
    """Return a difference in points, with its sign and its interval."""
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"
