"""The report in headless Chromium: clicks, keys, what leaves the page, accessibility."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from chromium import AXE, needs_chromium
from report_pages import Page, drawn, make_audit, make_diagnosis, make_differences, make_run
from small_bundle import fer

from fer_analysis.data.dataset import FER_LABELS

pytestmark = needs_chromium


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
    )
    return folder / "run" / "report.html"


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
        "#faces .face", "faces => faces.filter(f => f.checkVisibility()).map(f => f.dataset.id)"
    )


def focused(page):
    """Return the id of the face that has the focus."""
    return page.evaluate("document.activeElement.closest('.face')?.dataset.id")


def test_a_cell_shows_exactly_its_faces_and_is_in_the_address(open_page, files):
    page, (cell, ids) = open_page(), fullest(files)
    assert len(shown(page)) > len(ids), "at first the errors of all cells"
    assert "#cell=" not in page.url
    page.click(f'button[data-cell="{cell}"]')
    page.wait_for_selector(f'button[data-cell="{cell}"][aria-pressed=true]')
    assert "#cell=" in page.url
    assert shown(page) == ids[:60]
    assert page.get_attribute(f'button[data-cell="{cell}"]', "aria-pressed") == "true"
    assert str(len(ids)) in page.inner_text("#status")
    assert page.locator("#faces .face").first.locator(".bars u").count() == 7
    assert page.locator("#faces .truth").first.is_visible()
    top, bottom = page.evaluate(
        "(({top, bottom}) => [top, bottom])(document.getElementById('confusion')"
        ".getBoundingClientRect())"
    )
    assert top >= 0 and bottom <= page.viewport_size["height"], "the matrix stays in view"
    page.goto("about:blank")
    page.goto(files.as_uri() + "#cell=fear,sad")
    row, column = map(FER_LABELS.index, ("fear", "sad"))
    assert shown(page) == Page(files.read_text()).ids_of(f"cell-{row}-{column}")
    assert page.input_value('#find [name="label"]') == str(row)


def test_the_keyboard_alone_reaches_a_face_and_toggles_the_overlay(open_page, files):
    page, (cell, ids) = open_page(), fullest(files)
    assert page.locator('#confusion button[tabindex="0"]').count() == 1
    page.focus("#confusion button")
    page.keyboard.press("ArrowRight")
    second = Page(files.read_text()).all("button", type="button")
    second = [b["data-cell"] for b in second if b.get("data-cell", "").startswith("cell-0-")][1]
    assert page.evaluate("document.activeElement.dataset.cell") == second
    page.focus(f'button[data-cell="{cell}"]')
    page.keyboard.press("Enter")
    page.wait_for_selector(f'button[data-cell="{cell}"][aria-pressed=true]')
    assert page.locator('#faces .pick[tabindex="0"]').count() == 1
    page.focus('#faces .pick[tabindex="0"]')
    assert focused(page) == ids[0]
    page.keyboard.press("ArrowRight")
    assert focused(page) == ids[1]
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    assert page.inner_text("#picked") == "1 selected"
    page.keyboard.press("o")
    assert page.get_attribute("#overlay", "aria-pressed") == "true"
    drawn_maps = page.eval_on_selector_all(
        "#faces .pic i", "maps => maps.every(m => getComputedStyle(m).display === 'block')"
    )
    assert drawn_maps
    page.keyboard.press("o")
    assert page.get_attribute("#overlay", "aria-pressed") == "false"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.cell") == cell


def test_every_face_is_found_and_selected_ones_are_a_table(open_page, files):
    page, dom = open_page(), Page(files.read_text())
    faces = {e["data-id"] for e in dom.all("li") if "data-id" in e and "details" in e["inside"]}
    seen = shown(page)
    while page.is_visible("#pages") and page.is_enabled('#pages [data-step="1"]'):
        page.click('#pages [data-step="1"]')
        seen += shown(page)
    assert sorted(seen) == sorted(faces)
    page.fill('#find [name="id"]', seen[3])
    assert seen[3] in shown(page) and all(seen[3] in each for each in shown(page))
    page.click('#find [type="reset"]')
    page.select_option('#find [name="sort"]', "unsure")
    page.fill('#find [name="high"]', "40")
    page.select_option('#find [name="answer"]', "wrong")
    unsure = shown(page)
    surest = page.eval_on_selector_all(
        "#faces .face", "all => Math.max(...all.map(f => Math.max(...f.dataset.p.split(','))))"
    )
    assert unsure and surest <= 400
    assert page.locator("#faces .pick").first.get_attribute("aria-label").startswith("Face ")
    page.click("#pick")
    with page.expect_download() as saved:
        page.click("#save")
    rows = list(csv.DictReader(saved.value.path().read_text().splitlines()))
    assert [row["id"] for row in rows] == unsure
    assert [*rows[0]] == ["id", "label", "predicted", "confidence", "pixels"]
    assert {row["label"] for row in rows} <= {*FER_LABELS}


def test_the_side_bar_says_where_one_stands_and_a_table_is_sorted(open_page):
    page = open_page()
    page.click('nav a[href="#runs"]')
    page.wait_for_selector('nav a[href="#runs"][aria-current]')
    page.locator("#numbers table").nth(1).locator("th .sort").nth(2).click()
    recalls = page.locator("#numbers table").nth(1).locator("tbody tr td:nth-child(3)")
    values = [float(text.split()[0]) for text in recalls.all_inner_texts()]
    assert values == sorted(values, reverse=True)


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
    assert not page.is_visible("#find")


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_no_wider_than_the_screen(open_page, width):
    page = open_page(viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_table_that_is_scrolled_sideways_still_names_its_rows(open_page):
    page = open_page(viewport={"width": 390, "height": 800})
    wide = page.locator(".wide:has(.many)").first
    wide.evaluate("table => table.scrollTo(150, 0)")
    left = (
        "row => row.getBoundingClientRect().left"
        " - row.closest('.wide').getBoundingClientRect().left"
    )
    assert wide.evaluate("table => table.scrollLeft") == 150
    assert wide.locator("tbody th").first.evaluate(left) == 0


def test_the_reasons_of_causes_have_room_on_a_phone(open_page):
    page = open_page(viewport={"width": 390, "height": 800})
    reason = page.locator("#why tbody td:last-child").first
    assert reason.evaluate("cell => cell.getBoundingClientRect().width") > 200


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
