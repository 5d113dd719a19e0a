"""The report in headless Chromium: clicks, keys, what leaves the page, accessibility."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest
from report_pages import Page, drawn, make_audit, make_diagnosis, make_differences, make_run
from small_bundle import fer

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: `pip install playwright`"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
AXE = importlib.util.find_spec("axe_playwright_python")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on the path: `apt-get install chromium`"
)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A report of drawn faces with everything in it."""
    folder, data = tmp_path_factory.mktemp("browser"), drawn()
    evaluation = make_run(folder / "run", data)
    make_run(folder / "other", data, seed=1, saliency=False)
    make_audit(folder / "audit", evaluation)
    make_diagnosis(folder / "study", evaluation)
    make_differences(folder / "remedies", evaluation)
    fer(
        "report",
        folder / "run",
        folder / "other",
        "--audit",
        folder / "audit",
        "--study",
        folder / "study",
        "--study",
        folder / "remedies",
        "--per-cell",
        5,
    )
    return folder / "run" / "report.html"


@pytest.fixture(scope="module")
def browser():
    # Chromium as root wants no sandbox; the page is our own.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=root)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, files):
    """Open the report; nothing but the file is requested, and the console stays empty."""
    contexts, asked, said = [], [], []

    def opened(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(files.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert {url for url in asked if not url.startswith("data:")} == {files.as_uri()}
    assert said == []


def fullest(files):
    """Return the cell that lists most faces, and their ids."""
    dom = Page(files.read_text())
    cells = [b["data-cell"] for b in dom.all("button") if "data-cell" in b]
    return max(((cell, dom.ids_of(cell)) for cell in cells), key=lambda each: len(each[1]))


def shown(page):
    return page.eval_on_selector_all(
        ".bunch .face", "faces => faces.filter(f => f.checkVisibility()).map(f => f.dataset.id)"
    )


def test_a_cell_opens_exactly_its_faces(open_page, files):
    page, (cell, ids) = open_page(), fullest(files)
    assert shown(page) == []
    page.click(f'button[data-cell="{cell}"]')
    assert shown(page) == ids
    assert page.get_attribute(f'button[data-cell="{cell}"]', "aria-expanded") == "true"
    assert str(len(ids)) in page.inner_text("#status")
    assert page.locator(f"#{cell} .face").first.locator(".bars u").count() == 7


def test_the_keyboard_alone_reaches_a_face_and_toggles_the_overlay(open_page, files):
    page, (cell, ids) = open_page(), fullest(files)
    page.focus("#confusion button")
    page.keyboard.press("ArrowRight")
    second = Page(files.read_text()).all("button", type="button")
    second = [b["data-cell"] for b in second if b.get("data-cell", "").startswith("cell-0-")][1]
    assert page.evaluate("document.activeElement.dataset.cell") == second
    page.focus(f'button[data-cell="{cell}"]')
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.id") == ids[0]
    page.keyboard.press("o")
    assert page.get_attribute("#overlay", "aria-pressed") == "true"
    drawn_maps = page.eval_on_selector_all(
        ".pic i", "maps => maps.every(m => getComputedStyle(m).display === 'block')"
    )
    assert drawn_maps
    page.keyboard.press("o")
    assert page.get_attribute("#overlay", "aria-pressed") == "false"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.cell") == cell


def test_counts_or_shares(open_page):
    page = open_page()
    page.check('input[value="shares"]')
    assert not page.locator("#confusion button .c").first.is_visible()
    page.check('input[value="counts"]')
    assert not page.locator("#confusion button .p").first.is_visible()


def test_with_scripts_off_everything_is_there(open_page, files):
    page, (cell, ids) = open_page(java_script_enabled=False), fullest(files)
    page.click(f"#{cell} > summary")
    for name in ids:
        assert page.locator(f'#{cell} [data-id="{name}"]').is_visible()
    assert not page.locator(".tools").is_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_no_wider_than_the_screen(open_page, width):
    page = open_page(viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.skipif(AXE is None, reason="no axe-core: `pip install axe-playwright-python`")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(open_page, files, scheme):
    axe = next(Path(AXE.origin).parent.rglob("axe.min.js"))
    page = open_page(color_scheme=scheme, bypass_csp=True)
    page.click(f'button[data-cell="{fullest(files)[0]}"]')
    page.add_script_tag(path=axe)
    found = page.evaluate("axe.run()")
    assert [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]] == []
    assert len(found["passes"]) > 30
