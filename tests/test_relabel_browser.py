"""The page for a second opinion in headless Chromium: keys, undo, what is kept, the download."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from chromium import AXE, needs_chromium, playwright

import fer_analysis
from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.pixels import pixel_mark
from fer_analysis.data.read_face_list import read_face_list

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("relabel")
    data = fer_analysis.load_data("synthetic", n=100)
    (folder / "faces.csv").write_text("id\n" + "\n".join(data.dataset.ids.tolist()[:4]))
    return fer_analysis.write_relabel_page(
        data=data, faces=folder / "faces.csv", out=folder / "page"
    )


@pytest.fixture
def open_page(browser, written):
    """Open the page; nothing but the file is requested, and the console stays empty."""
    contexts, asked, said = [], [], []

    def opened(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(written.path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    local = ("data:", "blob:")
    assert {url for url in asked if not url.startswith(local)} == {written.path.as_uri()}
    assert said == []


def downloaded(page, folder):
    with page.expect_download() as told:
        page.click("#download")
    told.value.save_as(folder / told.value.suggested_filename)
    return read_face_list(folder / "second-opinion.csv")


def test_keys_label_skip_and_take_back_and_the_download_is_a_list(open_page, written, tmp_path):
    page = open_page()
    for key in ("3", "0", "7", "u", "8", "1"):  # 8 is no label: without effect
        page.keyboard.press(key)
    assert page.inner_text("#count") == "2 labelled, 1 skipped, 1 left"
    found = downloaded(page, tmp_path)
    assert found.ids == (written.ids[0], written.ids[2])
    assert found.label_positions(FER_LABELS) == {written.ids[0]: 2, written.ids[2]: 0}
    page.reload()
    assert page.inner_text("#count") == "2 labelled, 1 skipped, 1 left", "kept in the browser"
    page.click('#labels button[data-label="5"]')
    assert page.is_visible("#done") and not page.is_visible("#now")
    page.keyboard.press("u")
    assert page.is_visible("#now")


def test_a_download_is_loaded_again_in_another_browser(open_page, written, tmp_path):
    file = tmp_path / "earlier.csv"
    rows = [f'"{written.ids[1]}",fear', f"{written.ids[3]},sad", "nobody,sad"]
    file.write_text("\ufeffid,label\r\n" + "\r\n".join(rows) + "\r\n")
    page = open_page()
    page.set_input_files("#load", file)
    told = page.locator("#status")  # waited for from outside: the page's policy forbids `eval`
    playwright.expect(told).to_contain_text("loaded")
    assert "2 answers loaded, 1 rows are not of this page" in page.inner_text("#status")
    assert page.inner_text("#count") == "2 labelled, 0 skipped, 2 left"
    found = downloaded(page, tmp_path)
    assert found.label_positions(FER_LABELS) == {written.ids[1]: 2, written.ids[3]: 4}
    (tmp_path / "wrong.csv").write_text("name\n1\n")
    page.set_input_files("#load", tmp_path / "wrong.csv")
    playwright.expect(told).to_contain_text("expected")
    assert page.inner_text("#count") == "2 labelled, 0 skipped, 2 left"


def test_a_download_names_its_images_and_answers_on_other_data_are_refused(
    open_page, written, tmp_path
):
    page = open_page()
    page.keyboard.press("3")
    dataset = fer_analysis.load_data("synthetic", n=100).dataset
    found = downloaded(page, tmp_path)
    assert found.pixels == (pixel_mark(dataset.images[dataset.ids == found.ids[0]][0]),)
    text = (tmp_path / "second-opinion.csv").read_text()
    other = tmp_path / "other.csv"
    told = page.locator("#status")
    other.write_text(text.replace("48x48-", "64x64-"))
    page.set_input_files("#load", other)
    playwright.expect(told).to_contain_text("1 answers loaded")
    other.write_text(text.replace("48x48-", "48x48-0"))
    page.set_input_files("#load", other)
    playwright.expect(told).to_contain_text(f"face '{found.ids[0]}' has other pixels on this page")
    playwright.expect(told).to_contain_text("Nothing was loaded")


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_its_screen_and_axe_finds_no_violation(open_page, scheme, width):
    page = open_page(viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if pictures := os.environ.get("FER_PICTURES"):
        page.screenshot(path=Path(pictures) / f"relabel-{scheme}-{width}.png", full_page=True)
    if AXE is None:
        pytest.skip("no axe-core: `pip install axe-playwright-python`")
    page.add_script_tag(path=next(Path(AXE.origin).parent.rglob("axe.min.js")))
    found = page.evaluate("axe.run()")
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
