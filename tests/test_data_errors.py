"""Bad data is named in one line each, left out on request, and never crashes the reader."""

import os
import re
import zlib
from dataclasses import replace

import numpy as np
import pytest
from fer_layouts import faces, write_layout
from PIL import Image

from fer_analysis.data.load import load_data
from fer_analysis.data.readers.csv_file import PIXELS, parse_block, parse_row
from fer_analysis.data.readers.decode import decode
from fer_analysis.data.regions.files import read_regions
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_CACHE_DIR", str(tmp_path / "cache"))


def row_text(*pixels):
    return " ".join(map(str, [*pixels, *[7] * (PIXELS - len(pixels))]))


BAD_ROWS = {
    f"0,{row_text()} 7,Training": "expected 2304 pixels (48x48), got 2305",
    "0,,Training": "expected 2304 pixels (48x48), got 0",
    f"0,{row_text(0, 256)},Training": "pixel 1 is '256', expected 0 to 255",
    f"0,{row_text(-1)},Training": "pixel 0 is '-1', expected 0 to 255",
    f"0,{row_text('9' * 5000)},Training": "expected 0 to 255",
    f"0,{row_text('x')},Training": "pixel 0 is 'x', expected a whole number",
    f"0,{row_text(1.5)},Training": "pixel 0 is '1.5', expected a whole number",
    f"7,{row_text()},Training": "unknown label '7', expected 0 to 6",
    f"happy,{row_text()},Training": "unknown label 'happy'",
    f",{row_text()},Training": "unknown label ''",
    f"0,{row_text()},Private": "unknown usage 'Private', expected Training, PublicTest",
    f"0,{row_text()[:500]}": "expected 3 cells (emotion, pixels, usage), got 2",
    f"0,{row_text()},Training,": "expected 3 cells (emotion, pixels, usage), got 4",
}


@pytest.mark.parametrize(("row", "message"), BAD_ROWS.items(), ids=list(BAD_ROWS.values()))
def test_a_bad_row_is_named_or_skipped(tmp_path, row, message):
    file = write_layout(faces(70), tmp_path, "csv") / "fer2013.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:43], row, *lines[43:]]))
    with pytest.raises(FerError) as caught:
        load_data(file)
    text = str(caught.value)
    assert text.startswith(f"{file}, row 42 (line 44): ")
    assert message in text
    assert text.endswith("; --skip-bad goes on without it")
    assert "\n" not in text
    loaded = load_data(file, skip_bad=True)
    assert len(loaded.dataset) == 70
    assert "42" not in loaded.dataset.ids
    assert loaded.notices[0].startswith(f"1 bad left out: {file}, row 42 (line 44): ")


def test_all_bad_rows_are_told_at_once_up_to_ten(tmp_path):
    file = write_layout(faces(70), tmp_path, "csv") / "fer2013.csv"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([lines[0], *["0,1 2 3,Training"] * 22, *lines[1:]]))
    with pytest.raises(FerError) as caught:
        load_data(tmp_path)
    first, *bad, last = str(caught.value).split("\n  ")
    assert first == f"{file}: 22 problems"
    assert len(bad) == 10
    assert last == "and 12 more; --skip-bad goes on without them"
    assert load_data(tmp_path, skip_bad=True).notices[0].endswith("; and 19 more")


def test_parsing_at_once_agrees_with_row_by_row():
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (40, PIXELS))
    fields = [" ".join(map(str, row)).encode() for row in pixels]
    assert np.array_equal(parse_block(fields), pixels)
    assert np.array_equal([parse_row(field) for field in fields], pixels)


@pytest.mark.parametrize("odd", [b"256", b"0001", b"-1", b"1  2", b"1\t2", b"x", b"1.0", b""])
def test_parsing_at_once_leaves_odd_rows_to_a_closer_look(odd):
    plain = row_text().encode()
    # Numbers moved from one row to the next keep the total: the ends of rows must be seen.
    assert parse_block([plain, plain.replace(b"7", odd, 1)]) is None
    assert parse_block([plain + b" 7", plain[:-2]]) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no column emotion, pixels, usage in its first line; found an empty line"),
        (b"emotion,pixels\n0,1 2\n", "no column usage in its first line; found 'emotion, pixels'"),
        (b"\xff\xd8\xff\x00" * 100, "no column emotion"),
        (b"emotion,pixels,Usage\n", "no image to read in it"),
        (b"emotion,pixels,Usage", "no image to read in it"),
    ],
)
def test_a_file_without_data_is_one_line(tmp_path, text, message):
    (tmp_path / "fer2013.csv").write_bytes(text)
    with pytest.raises(FerError) as caught:
        load_data(tmp_path, skip_bad=True)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_left_is_an_error_even_when_skipping(tmp_path):
    (tmp_path / "fer2013.csv").write_text("emotion,pixels,Usage\n9,1,Training\n")
    with pytest.raises(FerError, match="no image to read in it; the first problem: .*row 0"):
        load_data(tmp_path, skip_bad=True)


def test_bad_files_are_named_or_skipped(tmp_path):
    folder = write_layout(faces(70), tmp_path, "kaggle", suffix="jpg") / "train" / "happy"
    whole = next(folder.iterdir()).read_bytes()
    (folder / "Training_1.jpg").write_bytes(b"")
    (folder / "Training_2.jpg").write_bytes(whole[:400])
    (folder / "Training_3.png").write_bytes(b"no image")
    (folder / "other.jpg").write_bytes(whole)
    (tmp_path / "train" / "joy").mkdir()
    (tmp_path / "test" / "smug").mkdir()
    Image.new("L", (9000, 6000)).save(folder / "Training_5.png")
    with pytest.raises(FerError) as caught:
        load_data(tmp_path)
    text = str(caught.value)
    for expected in (
        f"{tmp_path}: 7 problems",
        "Training_1.jpg: empty file",
        "Training_2.jpg: cannot be read (image file is truncated",
        "Training_3.png: not an image, or a damaged one",
        "Training_5.png: 9000x6000 pixels, expected 50 million at most",
        "other.jpg: expected a name that begins with Training_, PublicTest_, PrivateTest_",
        f"{tmp_path}/train/joy: no image in this label folder",
        f"{tmp_path}/test/smug: unknown label 'smug', expected angry, disgust",
    ):
        assert expected in text
    loaded = load_data(tmp_path, skip_bad=True)
    assert len(loaded.dataset) == 70
    assert loaded.notices[0].startswith("7 bad left out: ")
    assert loaded.account.seen == 75 and loaded.account.read == 70


@pytest.mark.parametrize("side", [48, 600], ids=["one chunk", "several chunks"])
def test_a_png_whose_end_was_lost_is_refused_by_its_check_sum(tmp_path, side):
    """A full disk or a crash leaves zeros, which decode to a picture that is black below."""
    random = np.random.default_rng(0)
    ((tmp_path / "a").mkdir(), (tmp_path / "b").mkdir())
    for row in range(6):
        # Few grey levels: codes of few bits, of which zeros are the first.
        pixels = random.integers(0, 4, (side, side), dtype=np.uint8) * 60
        Image.fromarray(pixels).save(tmp_path / "ab"[row % 2] / f"{row}.png", optimize=True)
    file = tmp_path / "a" / "0.png"
    whole, face = file.read_bytes(), decode(file, side)
    assert (whole.count(b"IDAT") > 1) == (side > 48)
    kept = (whole.rindex(b"IDAT") + len(whole)) // 2
    file.write_bytes(whole[:kept].ljust(len(whole), b"\0"))
    with Image.open(file) as image:
        assert not np.array_equal(np.asarray(image), face.image), "Pillow reads another picture"
    with pytest.raises(FerError, match=r"0.png: cannot be read \(damaged: its pixels do not fit"):
        load_data(tmp_path)
    assert load_data(tmp_path, skip_bad=True).account.read == 5
    with pytest.raises(FerError, match="not a mask that can be read"):
        read_regions(file, side, side)
    # What is lost behind the pixels is no loss.
    file.write_bytes(whole[:-12])
    assert np.array_equal(decode(file, side).image, face.image)


def test_a_decompression_bomb_is_one_bad_image(tmp_path):
    def chunk(kind, data):
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    side = (60_000).to_bytes(4, "big")
    header = chunk(b"IHDR", side + side + bytes([8, 0, 0, 0, 0]))
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    folder = write_layout(faces(14), tmp_path, "kaggle")
    (folder / "train" / "happy" / "Training_1.png").write_bytes(bomb)
    with pytest.raises(FerError, match=r"Training_1.png: .*(60000x60000|exceeds limit)"):
        load_data(folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout": "cvs"}, "unknown layout 'cvs' (did you mean 'csv'?"),
        ({"layout": "kaggle"}, "not in this layout; looked for kaggle: train/<label>/Training_"),
        ({"protocol": "kagle"}, "unknown protocol 'kagle' (did you mean 'kaggle'?"),
        ({"votes": "nowhere.csv"}, "nowhere.csv: no such file of votes"),
        ({"size": 0}, "size: expected pixels, 1 or more, received 0"),
    ],
)
def test_bad_options_are_one_line(tmp_path, options, message):
    write_layout(faces(14), tmp_path, "csv")
    with pytest.raises(FerError) as caught:
        load_data(tmp_path, **options)
    assert message in str(caught.value)


def test_what_is_not_there_or_not_known(tmp_path):
    with pytest.raises(FerError, match=r"nothing: no such file or folder"):
        load_data(tmp_path / "nothing")
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(FerError) as caught:
        load_data(tmp_path)
    text = str(caught.value)
    for expected in ("no data set recognised", "fer2013.csv", "icml_face_data.csv", "Training_*"):
        assert expected in text
    assert "<label>/*" in text
    assert text.endswith("found notes.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column usage, angry"),
        ("Usage,Image name,neutral\n", "no column angry, disgust, fear, happy, sad, surprise"),
        ("Training,x,1,2,3\n", "fer2013new.csv: bad votes ("),
        ("Training,x,1,2,3,0,0,0,0,0,0,many\n", "bad votes (could not convert string 'many'"),
        ("Training,x,-1,2,3,0,0,0,0,0,0,0\n", "row 0 (line 2): expected numbers of votes, got"),
        ("Training,x,nan,2,3,0,0,0,0,0,0,0\n", "row 0 (line 2): expected numbers of votes, got"),
        (
            "Usage,Image name,neutral,happy,surprise,sad,angry,disgust,fear,contempt,unknown,NF",
            "no row for FER+ votes",
        ),
        ("Usage,Image name,neutral,neutrality,happy\n", "the column 'neutral' is twice"),
    ],
)
def test_bad_votes_are_one_line(tmp_path, text, message):
    write_layout(faces(14, votes=True), tmp_path, "csv", votes=True)
    file = tmp_path / "fer2013new.csv"
    header = file.read_text().splitlines()[0]
    file.write_text(text if not text or text.startswith("Usage") else f"{header}\n{text}")
    with pytest.raises(FerError) as caught:
        load_data(tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def mutilate(data, random):
    """Return bytes cut at random, or with a few bytes changed, dropped or added."""
    data = bytearray(data)
    if random.random() < 0.3:
        return bytes(data[: random.integers(len(data))])
    for _ in range(random.integers(1, 6)):
        at = int(random.integers(len(data)))
        data[at : at + int(random.integers(0, 3))] = random.bytes(random.integers(0, 3))
    return bytes(data)


@pytest.mark.parametrize("layout", ["csv", "icml"])
def test_a_mutilated_csv_gives_faces_or_an_error(tmp_path, layout):
    (file,) = write_layout(faces(7), tmp_path / "data", layout).iterdir()
    whole, random, refused = file.read_bytes(), np.random.default_rng(0), 0
    for _ in range(60):
        file.write_bytes(mutilate(whole, random))
        for skip_bad in (False, True):
            try:
                loaded = load_data(file, skip_bad=skip_bad, cache=False)
            except FerError as error:
                refused += 1
                assert len(str(error).splitlines()) < 15
            else:
                assert len(loaded.dataset) <= 10
    assert refused > 20


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "webp", "tif"])
def test_a_mutilated_image_gives_a_face_or_a_reason(tmp_path, suffix):
    file = tmp_path / f"face.{suffix}"
    Image.fromarray(faces(1).images[0, ..., 0]).save(file)
    whole, random, reasons = file.read_bytes(), np.random.default_rng(0), 0
    for _ in range(150):
        # Most of a file is pixels: its head is where a decoder can be led astray.
        head, rest = (whole[:200], whole[200:]) if random.random() < 0.5 else (whole, b"")
        file.write_bytes(mutilate(head, random) + rest)
        result = decode(file, 48)
        if isinstance(result, str):
            reasons += 1
            assert result and "\n" not in result
        else:
            assert result.image.shape == (48, 48) and result.image.dtype == np.uint8
    assert reasons > 5


def test_votes_on_other_images_are_refused(tmp_path):
    """Planted: every row has the votes of the row before it."""
    dataset = generate(n=420, seed=0)
    write_layout(dataset, tmp_path / "right", "csv", votes=True)
    assert load_data(tmp_path / "right", cache=False).dataset.votes is not None
    shifted = replace(dataset, votes=np.roll(dataset.votes, 1, axis=0))
    write_layout(shifted, tmp_path / "wrong", "csv", votes=True)
    with pytest.raises(FerError, match=r"do not belong to this data: .* are expected by chance"):
        load_data(tmp_path / "wrong", cache=False)


def test_votes_that_are_off_by_a_row_from_some_row_on_are_refused(tmp_path):
    """Planted: one row of the last two thirds of the training images is missing in the votes."""
    dataset = generate(n=1500, seed=0)
    votes, start = dataset.votes.copy(), 400
    votes[start:-1] = votes[start + 1 :]
    write_layout(replace(dataset, votes=votes), tmp_path / "wrong", "csv", votes=True)
    with pytest.raises(FerError, match=r"votes on other images from about row (\d+)") as refused:
        load_data(tmp_path / "wrong", cache=False)
    found = int(re.search(r"about row (\d+)", str(refused.value))[1])
    assert start - 200 < found < start + 50


@pytest.mark.parametrize("layout", ["csv", "icml"])
def test_a_csv_of_any_name_is_recognised_by_its_header(tmp_path, layout):
    (file,) = write_layout(faces(7), tmp_path, layout).iterdir()
    loaded = load_data(file.rename(tmp_path / "mine.txt"))
    assert loaded.layout == layout and len(loaded.dataset) == 7


def test_a_file_with_another_header_is_no_csv_of_faces(tmp_path):
    (tmp_path / "prices.csv").write_text("date,price\n1,2\n")
    with pytest.raises(FerError, match="no data set recognised; .* that begins with 'date,price'"):
        load_data(tmp_path / "prices.csv")
    for text in (
        "emotion;pixels;Usage\n",
        "emotion,pixels,Usage\n".encode("utf-16").decode("latin-1"),
    ):
        (tmp_path / "mine.csv").write_text(text, encoding="latin-1")
        with pytest.raises(FerError, match="no column .*expected emotion, pixels, Usage"):
            load_data(tmp_path / "mine.csv")


def test_a_misspelt_column_is_asked_about(tmp_path):
    (tmp_path / "mine.csv").write_text("emotion,pixels,Usgae\n0,1,Training\n")
    with pytest.raises(FerError, match=r"no column usage .*; is 'usgae' the column usage\?"):
        load_data(tmp_path / "mine.csv")
    (tmp_path / "mine.csv").write_text("emotion,pixels,Usage,emotion\n0,1,Training,2\n")
    with pytest.raises(FerError, match="the column emotion is twice"):
        load_data(tmp_path / "mine.csv")


def test_commas_within_quotes_part_no_cells(tmp_path):
    file = write_layout(faces(14), tmp_path, "csv") / "fer2013.csv"
    wanted = load_data(file).fingerprint
    header, *rows = file.read_text().splitlines()
    rows = [f'{row},"fine, ""mostly"""' for row in rows]
    file.write_text("\n".join([f"{header},remark", *rows]))
    assert load_data(file).fingerprint == wanted
    file.write_text("\n".join([f"{header},remark", *rows, f'{rows[0]},"open']))
    with pytest.raises(FerError, match=r"row 14 \(line 16\): not a line of a CSV"):
        load_data(file)


def test_a_pipe_called_fer2013_csv_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fer2013.csv")
    with pytest.raises(FerError, match="no data set recognised"):
        load_data(tmp_path)
    with pytest.raises(FerError, match="neither a file nor a folder"):
        load_data(tmp_path / "fer2013.csv")
