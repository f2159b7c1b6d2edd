"""The report in a real browser, without a network: map, switch, search, hover, tables, print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import siting
from siting.instance import Instance
from siting.report import write_report
from siting.studies.compare import compare
from siting.writers.comparison import PAGE, write_comparison
from tests.plans import problem_of, result_of

pytest.importorskip("bokeh")
playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = Path("/usr/bin/chromium")
if not CHROMIUM.exists():
    pytest.skip("there is no /usr/bin/chromium", allow_module_level=True)

COLUMN = "name => [...Bokeh.documents[0].get_model_by_name(name[0]).data[name[1]]]"
WIDTH = "() => { const x = Bokeh.documents[0].get_model_by_name('x'); return x.end - x.start; }"
MIDDLE = """() => ["x", "y"].map((name) => {
    const range = Bokeh.documents[0].get_model_by_name(name);
    return (range.start + range.end) / 2;
})"""


class Browsed:
    """A page opened from a file, and everything it complains about or asks for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        page.on("request", self._asked)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.complaints.append(request.url)

    def open(self, path: Path) -> Any:
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#plot[data-ready=yes]", timeout=30_000)
        self.page.wait_for_timeout(300)
        return self.page

    def column(self, layer: str, column: str) -> list[Any]:
        return list(self.page.evaluate(COLUMN, [layer, column]))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def browse(browser: Any) -> Iterator[Callable[..., Browsed]]:
    contexts = []

    def open_page(width: int = 1280, height: int = 900) -> Browsed:
        contexts.append(browser.new_context(viewport={"width": width, "height": height}, offline=True))
        return Browsed(contexts[-1].new_page())

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, three_towns: Instance) -> dict[str, Path]:
    """A report per language of a few towns and of a region."""
    folder, found = tmp_path_factory.mktemp("reports"), {}
    towns = siting.solve(three_towns, "max_coverage")
    problem = problem_of(siting.read("poltava"))
    region = result_of(problem, np.flatnonzero(problem.responses.options.free)[::40])
    for language in ("en", "uk"):
        for name, result in (("towns", towns), ("region", region)):
            path = folder / f"{name}-{language}.html"
            found[path.stem] = write_report(result, path, language=language)
    return found


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", ["towns-en", "towns-uk", "region-en", "region-uk"])
def test_it_loads_without_network_or_complaints(
    browse: Callable[..., Browsed], reports: dict[str, Path], name: str, width: int
) -> None:
    shown = browse(width)
    page = shown.open(reports[name])
    assert len(shown.column("places", "x")) == (6 if "towns" in name else 1857)
    # Nothing but boxes that scroll by themselves is wider than the window.
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("#plot").bounding_box()
    assert min(box["width"], box["height"]) > 300
    image = page.locator("#plot").screenshot()
    assert len(image) > 4000
    assert shown.complaints == []


def test_the_switch_changes_the_colours(browse: Callable[..., Browsed], reports: dict[str, Path]) -> None:
    shown = browse()
    page = shown.open(reports["towns-en"])
    after, picture = shown.column("places", "fill_color"), page.locator("#plot").screenshot()
    assert len(shown.column("facilities", "x")) == 3
    page.click("label:has(input[value=before])")
    page.wait_for_timeout(400)
    assert shown.column("places", "fill_color") != after
    assert page.locator("#plot").screenshot() != picture
    assert len(shown.column("facilities", "x")) == 1
    assert "x" in shown.column("places", "marker")
    page.select_option("#service", label="Police")
    assert set(shown.column("places", "marker")) == {"cross"}
    # The switch is a group of radio buttons: arrows turn it.
    page.focus("input[value=before]")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("input[value=after]")
    assert "circle" in shown.column("places", "marker")
    assert shown.complaints == []


def test_lines_and_facilities_come_and_go(browse: Callable[..., Browsed], reports: dict[str, Path]) -> None:
    shown = browse()
    page = shown.open(reports["towns-en"])
    assert len(shown.column("lines", "x0")) == 6
    page.uncheck("#lines")
    page.uncheck("#facilities-shown")
    assert shown.column("lines", "x0") == shown.column("facilities", "x") == []
    assert shown.complaints == []


SEARCHES = (("region-en", "lubny"), ("region-uk", "лубни"), ("region-uk", "Lubny"))


@pytest.mark.parametrize(("name", "text"), SEARCHES)
def test_search_zooms_to_the_place(
    browse: Callable[..., Browsed], reports: dict[str, Path], name: str, text: str
) -> None:
    shown = browse()
    page = shown.open(reports[name])
    wide = page.evaluate(WIDTH)
    page.fill("#search", text)
    assert page.locator("#matches button").count() >= 1
    page.press("#search", "Enter")
    page.wait_for_timeout(400)
    assert page.evaluate(WIDTH) < wide / 2
    said = page.inner_text("#said")
    assert said.startswith(("Lubny", "Лубни"))
    assert "min:" in said or "хв:" in said
    at = [shown.column("found", axis)[0] for axis in ("x", "y")]
    assert page.evaluate(MIDDLE) == pytest.approx(at, abs=0.01)
    page.fill("#search", "qqqq")
    assert page.inner_text("#said") in ("No place of that name.", "Населеного пункту з такою назвою немає.")
    page.click("#zoom-all")
    assert page.evaluate(WIDTH) == pytest.approx(wide)
    assert shown.complaints == []


def test_pointing_at_a_place_tells_its_name(browse: Callable[..., Browsed], reports: dict[str, Path]) -> None:
    shown = browse()
    page = shown.open(reports["towns-en"])
    page.uncheck("#facilities-shown")
    page.locator("#plot").scroll_into_view_if_needed()
    box, (x, y), wide = page.locator("#plot").bounding_box(), page.evaluate(MIDDLE), page.evaluate(WIDTH)
    at, north = shown.column("places", "x")[0], shown.column("places", "y")[0]
    scale = box["width"] / wide
    east, south = (at - x) * scale, (y - north) * scale
    page.mouse.move(box["x"] + box["width"] / 2 + east, box["y"] + box["height"] / 2 + south)
    page.wait_for_timeout(400)
    tooltip = page.locator(".bk-tooltip-row-value").all_inner_texts()
    assert shown.column("places", "name")[0] in tooltip
    assert shown.column("places", "after")[0] in tooltip
    assert shown.complaints == []


def test_a_region_can_be_chosen(browse: Callable[..., Browsed], reports: dict[str, Path]) -> None:
    shown = browse()
    page = shown.open(reports["towns-en"])
    page.select_option("#region", label="East")
    assert set(shown.column("places", "region")) == {"East"}
    assert page.locator("#regions tbody tr:visible").all_inner_texts()[0].startswith("East")
    assert page.locator("#regions tbody tr:visible").count() == 1
    page.select_option("#service", label="Police")
    assert "Police" in page.locator("#regions tbody tr:visible").inner_text()
    assert shown.complaints == []


def test_tables_are_sorted_by_mouse_and_keyboard(
    browse: Callable[..., Browsed], reports: dict[str, Path]
) -> None:
    shown = browse()
    page = shown.open(reports["region-uk"])
    heading = page.locator("#sites th", has_text="Вартість")
    at = heading.evaluate("cell => [...cell.parentNode.children].indexOf(cell)")
    values = f"() => [...document.querySelectorAll('#sites tbody tr')].map(r => +r.cells[{at}].dataset.v)"
    heading.locator("button").click()
    found = page.evaluate(values)
    assert found == sorted(found, reverse=True)
    assert heading.get_attribute("aria-sort") == "descending"
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    found = page.evaluate(values)
    assert found == sorted(found)
    assert shown.complaints == []


def test_the_first_tab_skips_to_the_figures(browse: Callable[..., Browsed], reports: dict[str, Path]) -> None:
    shown = browse()
    page = shown.open(reports["towns-uk"])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "figures"
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert order[:4] == ["service", "when", "region", "search"]
    assert shown.complaints == []


def test_it_prints(browse: Callable[..., Browsed], reports: dict[str, Path]) -> None:
    shown = browse()
    page = shown.open(reports["region-en"])
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert len(printed) > 50_000
    page.emulate_media(media="print")
    assert not page.locator(".controls").is_visible()
    assert page.locator("#sites tbody tr").last.is_visible()
    assert shown.complaints == []


def test_names_of_places_run_nothing(
    browse: Callable[..., Browsed], three_towns: Instance, tmp_path: Path
) -> None:
    from tests.test_report import EVIL, evil

    result = siting.solve(evil(three_towns), "max_coverage")
    shown = browse()
    page = shown.open(write_report(result, tmp_path / "report.html"))
    assert EVIL in page.title()
    page.fill("#search", "<script")
    page.press("#search", "Enter")
    assert EVIL in page.inner_text("#said")
    box = page.locator("#plot").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(300)
    assert page.locator("img, .bk-Tooltip script").count() == 0
    assert shown.complaints == []


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory: pytest.TempPathFactory, three_towns: Instance) -> dict[str, Path]:
    """The page of two plans of a few towns, per language, and that of hostile names."""
    from tests.test_report import evil

    folder, found = tmp_path_factory.mktemp("comparisons"), {}
    models = ("max_coverage", "min_travel_time")
    for language, instance in (("en", three_towns), ("uk", three_towns), ("evil", evil(three_towns))):
        plans = [siting.solve(instance, model) for model in models]
        code = "en" if language == "evil" else language
        compared = compare(*plans, names=["cover", "<b>soonest</b>"])
        found[language] = write_comparison(compared, folder / language, language=code) / PAGE
    return found


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("language", ["en", "uk"])
def test_a_comparison_is_a_map_and_tables(
    browse: Callable[..., Browsed], comparisons: dict[str, Path], language: str, width: int
) -> None:
    shown = browse(width)
    page = shown.open(comparisons[language])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    places = dict(zip(shown.column("places", "name"), shown.column("places", "marker"), strict=True))
    names = {"en": ("Verba", "Sosna"), "uk": ("Верба", "Сосна")}[language]
    keys = [next(key for key in places if key.startswith(name)) for name in names]
    assert [places[key] for key in keys] == ["x", "triangle"]
    assert sorted(shown.column("facilities", "marker")) == ["inverted_triangle", "square", "triangle"]
    page.click("label:has(input[value=before])")
    before = shown.column("facilities", "name")
    page.click("label:has(input[value=after])")
    assert before != shown.column("facilities", "name")
    page.click("label:has(input[value=change])")
    page.fill("#search", names[0])
    page.press("#search", "Enter")
    assert page.inner_text("#said").startswith(names[0])
    page.select_option("#region", index=2)
    assert page.locator("#regions tbody tr:visible").count() == 1
    heading = page.locator("#sites th button").first
    heading.click()
    assert page.locator("#sites th[aria-sort]").count() == 1
    text = page.inner_text("body")
    assert "<b>soonest</b>" in text
    if language == "uk":
        assert not [word for word in ("Fire", "Police", "West", "kept", "dropped") if word in text]
    assert shown.complaints == []


def test_a_comparison_runs_nothing(browse: Callable[..., Browsed], comparisons: dict[str, Path]) -> None:
    shown = browse()
    page = shown.open(comparisons["evil"])
    box = page.locator("#plot").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(300)
    assert page.locator("img, b, .bk-Tooltip script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert shown.complaints == []


def test_the_map_outlives_a_change_of_the_window(
    browse: Callable[..., Browsed], reports: dict[str, Path]
) -> None:
    shown = browse()
    page = shown.open(reports["region-en"])
    wide = page.evaluate(WIDTH)
    for width, height in ((390, 844), (1400, 4000), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        assert page.evaluate(WIDTH) > wide / 4
    assert shown.complaints == []
