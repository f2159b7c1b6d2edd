"""The report: one file of HTML that loads nothing, with the figures of the summary."""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import siting
from siting.errors import PlanError
from siting.instance import Instance
from siting.instance.settings import as_dict, parse_settings
from siting.model import bundled_models
from siting.plan import Status, Termination
from siting.report import english, ukrainian, write_png, write_report
from siting.report.colours import bins
from siting.report.curves import by_minutes, by_sites
from siting.report.language import TABLES, language_of
from siting.report.plane import Plane
from siting.report.roads import ALWAYS, MOST, thinned
from siting.report.sentences import proof, warnings
from siting.result import Result
from siting.roads.graph import Roads
from siting.terminal import report as terminal
from tests.catalogue.questions import Question
from tests.plans import problem_of, result_of

pytest.importorskip("bokeh")

EVIL = "<script>alert(1)</script>"
EVILS = (
    EVIL,
    '"><img src=x onerror=alert(2)>',
    "]]></script><b>",
    "\u202eabc",
    "x" * 10_000,
    "=cmd|'/C calc'!A1",
)
LOOKED_UP = {"maximize", "minimize", "column.community", "column.district"}
"""Words whose key is a value of the summary, or the name of a level."""

VOID = {"meta", "input", "br", "link", "img", "hr"}


class Page(HTMLParser):
    """What a page holds: ids, attributes, tables by id, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.tables: dict[str, list[list[tuple[str, str | None]]]] = {}
        self.blocks: dict[str, str] = {}
        self.scripts = 0
        self._block = self._table = ""
        self._cell: list[str] | None = None
        self._value: str | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        given = dict(attrs)
        self.attributes += [(tag, key, value or "") for key, value in attrs]
        if tag == "script":
            self.scripts += 1
            self._block = given.get("id") or ""
        if tag == "table":
            self._table = given["id"] or ""
            self.tables[self._table] = []
        if tag == "tr":
            self.tables[self._table].append([])
        if tag in ("td", "th"):
            self._cell, self._value = [], given.get("data-v")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, key, value or "") for key, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self._block = "" if tag == "script" else self._block
        if tag in ("td", "th") and self._cell is not None:
            self.tables[self._table][-1].append(("".join(self._cell), self._value))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._block:
            self.blocks[self._block] = self.blocks.get(self._block, "") + data
        if self._cell is not None:
            self._cell.append(data)


@pytest.fixture(scope="module")
def solved(three_towns: Instance) -> Result:
    return siting.solve(three_towns, "max_coverage")


def read(path: Path) -> tuple[str, Page]:
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    return text, page


def column(page: Page, table: str, heading: str) -> list[float | None]:
    """The values of a column by its heading."""
    first, *rows = page.tables[table]
    at = [cell[0] for cell in first].index(heading)
    return [None if row[at][1] is None else float(row[at][1]) for row in rows]


@pytest.mark.parametrize("code", TABLES)
def test_it_is_well_formed_and_loads_nothing(solved: Result, tmp_path: Path, code: str) -> None:
    text, page = read(write_report(solved, tmp_path / "deep" / "report.html", language=code))
    assert list((tmp_path / "deep").iterdir()) == [tmp_path / "deep" / "report.html"]
    assert f'<html lang="{code}">' in text
    loading = {"src", "href", "srcset", "data", "action", "poster", "background"}
    loads = [value for _, key, value in page.attributes if key in loading]
    assert loads == ["#figures"]
    assert not [key for _, key, _ in page.attributes if key.startswith("on")]
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    policy = next(value for _, key, value in page.attributes if key == "content" and "-src" in value)
    assert policy.startswith("default-src 'none';")
    assert policy.count("'sha256-") == page.scripts - len(page.blocks)
    assert "http" not in policy
    ids = [value for _, key, value in page.attributes if key == "id"]
    assert len(ids) == len(set(ids))


def test_figures_are_those_of_the_summary(solved: Result, tmp_path: Path) -> None:
    text, page = read(write_report(solved, tmp_path / "report.html"))
    summary = solved.summary
    expected = []
    for service in summary["services"].values():
        expected += [service, *(kind for kind in service["kinds"].values() if kind["after"]["people"])]
    for heading, when, key in (
        ("People", "after", "people"),
        ("Within before", "before", "people_within"),
        ("Within after", "after", "people_within"),
        ("Share before", "before", "share"),
        ("Share after", "after", "share"),
        ("Mean min before", "before", "mean_minutes"),
        ("Mean min after", "after", "mean_minutes"),
        ("Worst min after", "after", "worst_minutes"),
    ):
        assert column(page, "services", heading) == [one[when][key] for one in expected]
        of_regions = [one[when][key] for r in summary["regions"] for one in r["services"].values()]
        assert column(page, "regions", heading) == of_regions
    assert column(page, "sites", "People newly covered") == list(solved.sites["people_newly_covered"])
    assert column(page, "sites", "Cost (million UAH)") == list(solved.sites["cost"])
    assert column(page, "facilities", "Cost (million UAH)")[-1] == summary["money"]["spent"]
    assert column(page, "limits", "This plan") == [one["value"] for one in summary["limits"]]
    assert column(page, "objectives", "At best (bound)") == [one["bound"] for one in summary["objectives"]]
    assert terminal.proof(summary) in text
    assert summary["model"]["sha256"] in text
    assert all(sha in text for sha in summary["files"].values())
    assert all(source.licence in text for source in solved.problem.instance.settings.sources)


@pytest.mark.parametrize("code", TABLES)
def test_the_block_of_numbers_is_what_is_shown(solved: Result, tmp_path: Path, code: str) -> None:
    _, page = read(write_report(solved, tmp_path / "report.html", language=code))
    block = json.loads(page.blocks["numbers"])
    summary = solved.summary
    assert (block["format"], block["language"]) == ("siting-report-1", code)
    assert [block[key] for key in ("status", "bound", "gap")] == [
        summary[key] for key in ("status", "bound", "gap")
    ]
    for key, table in block["tables"].items():
        shown = page.tables[key][1:]
        assert len(shown) == len(table["rows"])
        ids = [tuple(row_id) for row_id, _ in table["rows"]]
        assert len(set(ids)) == len(ids)
        for cells, (_, values) in zip(shown, table["rows"], strict=True):
            there = [float(value) for _, value in cells if value is not None]
            assert there == pytest.approx([one for one in values if one is not None], rel=1e-11)
    columns = block["tables"]["regions"]["columns"]
    for (region, service), values in block["tables"]["regions"]["rows"]:
        told = next(one for one in summary["regions"] if one["id"] == region)["services"][service]
        row = dict(zip(columns, values, strict=True))
        assert row["people"] == told["after"]["people"]
        assert row["served before"] == told["before"]["people_served"]
        assert row["mean after"] == told["after"]["mean_minutes"]


def test_an_instance_brings_its_words(three_towns: Instance, tmp_path: Path) -> None:
    text, page = read(write_report(siting.solve(three_towns), tmp_path / "uk.html", language="uk"))
    shown = re.sub("<script.*?</script>|<style.*?</style>", "", text, flags=re.S)
    for english_only in ("Fire and rescue", "Security Center", "million UAH", "village", "Most people"):
        assert english_only not in shown
    assert "Найбільше людей у межах нормативу прибуття" in shown
    assert json.loads(page.blocks["data"])["types"] == ["Пожежна частина", "Центр безпеки"]


def test_every_bundled_model_has_ukrainian_words() -> None:
    from siting.model import load_model

    uk = language_of("uk")
    for one in bundled_models():
        model = load_model(one if isinstance(one, str) else one.name)
        for words in (model.title, model.question):
            assert re.search("[а-яіїє]", uk.say(words)), words


def test_districts_add_up_to_the_services(tiny: Callable[..., Instance], tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    for _ in range(4):
        instance = tiny(rng)
        result = siting.solve(instance, "max_coverage")
        if result.plan is None:
            continue
        _, page = read(write_report(result, tmp_path / "r.html"))
        seen = instance.places.area["district"][~instance.places.excluded] >= 0
        people = instance.places.population[~instance.places.excluded][seen].sum()
        if people:
            found = sum(one or 0.0 for one in column(page, "districts", "People"))
            assert found == people * len(result.summary["services"])


def test_the_map_holds_the_assignments(solved: Result, tmp_path: Path) -> None:
    _, page = read(write_report(solved, tmp_path / "report.html"))
    data = json.loads(page.blocks["data"])
    kinds = {"f": "<f4", "I": "<i4", "H": "<u2", "B": "u1"}

    def unpacked(packed: list[str]) -> np.ndarray:
        return np.frombuffer(base64.b64decode(packed[1]), dtype=kinds[packed[0]])

    table = solved.assignments
    for service, title in zip(data["services"], solved.summary["services"].values(), strict=True):
        ids = [key for key, one in solved.summary["services"].items() if one["title"] == title["title"]]
        rows = table[table["service"] == ids[0]]
        for when, suffix in (("after", ""), ("before", "_before")):
            answered = service["answered"][when]
            minutes = rows[f"minutes{suffix}"].to_numpy()
            tenths = unpacked(answered["tenths"]).astype(float)
            assert np.array_equal(tenths == data["nobody"], np.isnan(minutes))
            known = ~np.isnan(minutes)
            assert np.abs(tenths / 10 - minutes)[known].max(initial=0) <= 0.0501
            assert list(unpacked(answered["within"])) == list(rows[f"covered{suffix}"])
            by = unpacked(answered["by"])
            assert np.array_equal(by < 0, ~known)
    assert len(unpacked(data["facilities"]["x"])) == 3
    assert list(unpacked(data["facilities"]["state"])) == [0, 1, 1]


def evil(instance: Instance) -> Instance:
    """The six towns, with names that browsers or spreadsheets might run, or that upset a page."""
    names = np.array(EVILS, dtype=object)
    areas = {
        level: replace(one, names=np.array([EVIL] * len(one.ids), dtype=object))
        for level, one in instance.areas.items()
    }
    services = tuple(replace(one, title=f"{EVIL}{n}") for n, one in enumerate(instance.settings.services))
    settings = replace(instance.settings, title=EVIL, currency="<i>UAH</i>", services=services)
    sites = replace(instance.sites, names=np.concatenate([names, instance.sites.names[6:]]))
    places = replace(instance.places, names=names, names_local=names[::-1].copy())
    return replace(instance, settings=settings, places=places, sites=sites, areas=areas, warnings=(EVIL,))


@pytest.mark.parametrize("code", TABLES)
def test_names_are_harmless(three_towns: Instance, tmp_path: Path, code: str) -> None:
    instance = evil(three_towns)
    result = siting.solve(instance, "max_coverage")
    text, page = read(write_report(result, tmp_path / "report.html", language=code))
    assert EVIL not in text
    assert "<img" not in text
    assert page.scripts == 6
    assert json.loads(page.blocks["data"])["places"]["name"][5].startswith(("=cmd", "<script>"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    pytest.importorskip("matplotlib")
    write_png(result, tmp_path / "map.png", language=code)


def test_every_language_has_every_word() -> None:
    def fields(text: str) -> set[str]:
        return {field for _, field, _, _ in string.Formatter().parse(text) if field is not None}

    assert english.WORDS.keys() == ukrainian.WORDS.keys()
    for key, text in english.WORDS.items():
        other = ukrainian.WORDS[key]
        assert fields(text) == fields(other), key
        latin = re.findall("[A-Za-z]{2,}", re.sub(r"\{\w+\}", "", other))
        assert set(latin) <= {"SHA", "JavaScript", "Enter", "siting", "CSV"}, key


def test_every_word_is_said() -> None:
    folder = Path(english.__file__).parent
    tables = ("english.py", "ukrainian.py")
    files = [file for end in ("*.py", "*.js") for file in folder.glob(end) if file.name not in tables]
    said = "".join(file.read_text(encoding="utf-8") for file in files).replace("'", '"')
    # Keys put together: their first part stands in the code, or is added by Cells.column.
    made = (
        "stopped.", "status.", "proof.", "warn.", "unit.", "zoom.", "measure.", "number.", "scope.", "state.",
        "change.",
    )  # fmt: skip
    for key in english.WORDS:
        short = key.removeprefix("column.")
        assert f'"{key}"' in said or f'"{short}"' in said or key.startswith(made) or key in LOOKED_UP, key


def test_numbers_are_written_as_the_language_does() -> None:
    uk, en = language_of("uk"), language_of("en")
    assert en.decimal(1234567.25, 2) == "1,234,567.25"
    assert uk.decimal(1234567.25, 2) == "1\u00a0234\u00a0567,25"
    assert (en.share(0.99999), uk.share(0.5)) == ("99.99\u00a0%", "50,00\u00a0%")
    assert (en.gap(2.1e-5), en.gap(0.0), en.gap(None)) == ("0.0021\u00a0%", "0\u00a0%", "–")
    with pytest.raises(PlanError, match="choose one of en, uk"):
        language_of("tlh")


def test_english_says_what_the_terminal_says(solved: Result) -> None:
    en = language_of("en")
    base = json.loads(json.dumps(solved.summary))
    changes: list[dict[str, Any]] = [{}, {"status": "heuristic", "termination": "finished"}]
    for gap, of_gain in ((0.0, None), (0.01, 0.2), (0.0321, None), (None, None)):
        first = {**base["objectives"][0], "gap": gap, "gap_of_gain": of_gain}
        for later in (None, 0.5):
            second = {**base["objectives"][1], "gap": later}
            changes.append({"status": "bounded", "termination": "time", "objectives": [first, second]})
    for layout in ("km", "both", "either"):
        changes.append({"layout": {**base["layout"], "standard": layout, "serve": "split"}})
    lost = {"places": 4, "people": 1200, "largest": ["a", "b", "c", "d"]}
    changes.append({"unreachable": {"police": lost}, "warnings": ["look at this"]})
    area = {"region": {"west": {"name": "West", "places": 3, "people": 14000}}}
    changes.append({"excluded": {"places": 3, "people": 14000, "areas": area}})
    for change in changes:
        summary = {**base, **change}
        said_there = terminal.proof(summary)
        for one in base["objectives"]:
            said_there = said_there.replace(one["measure"], en.measure(one["measure"]))
        assert proof(summary, en).replace("\u00a0", " ") == said_there
        said = [one.replace("\u00a0", " ") for one in warnings(summary, en, {"west": "West"})]
        assert said == terminal.warnings(summary)


def test_curves_end_where_the_summary_is(solved: Result) -> None:
    summary = solved.summary
    cumulated = by_sites(solved)
    assert cumulated is not None
    assert cumulated[0] == summary["in_all"]["before"]["people_within"]
    assert cumulated[-1] == summary["in_all"]["after"]["people_within"]
    for curve, service in zip(by_minutes(solved), solved.problem.responses.settings.services, strict=True):
        rows = solved.assignments[solved.assignments["service"] == service.id]
        for when, column_name in (("after", "minutes"), ("before", "minutes_before")):
            for at, minutes in enumerate(curve.minutes):
                expected = rows.loc[rows[column_name] <= minutes, "people"].sum()
                assert curve.within[when][at] == expected


@pytest.mark.parametrize("seed", range(6))
def test_the_curve_of_sites_is_that_of_partial_plans(
    tiny: Callable[..., Instance], opened: Callable[..., Result], seed: int
) -> None:
    for number in range(seed, 100, 6):
        instance = tiny(np.random.default_rng(number))
        result = siting.solve(instance, "max_coverage")
        if result.plan is not None and len(result.sites):
            break
    assert result.plan is not None
    assert len(result.sites)
    cumulated = by_sites(result)
    assert cumulated is not None
    names = [f"{site}:{kind}" for site, kind in result.sites[["site_id", "type"]].itertuples(index=False)]
    for count in range(len(names) + 1):
        found = opened(instance, *names[:count]).summary["in_all"]["after"]
        assert cumulated[count] == pytest.approx(found["people_within"], abs=0.01)


@pytest.mark.parametrize("name", bundled_models())
def test_every_model_has_a_report(name: str, tmp_path: Path) -> None:
    result = next(
        found for found in (answer(name, seed) for seed in range(200, 220)) if found.plan is not None
    )
    assert result.plan is not None
    _, page = read(write_report(result, tmp_path / "report.html", language="uk"))
    assert ("closed" in page.tables) == bool(len(result.plan.closed))
    assert ("scenarios" in page.tables) == ("scenarios" in result.summary)
    assert ("periods" in page.tables) == ("periods" in result.summary)
    assert ("payers" in page.tables) == ("by_payer" in result.summary["money"])
    cumulated = by_sites(result)
    if cumulated is not None:
        found = result.summary["in_all"]
        assert cumulated[0] == pytest.approx(found["before"]["people_within"], abs=0.02)
        assert cumulated[-1] == pytest.approx(found["after"]["people_within"], abs=0.02)


def answer(name: str, seed: int) -> Result:
    """What a bundled model finds in a random instance that holds all it may ask for."""
    question = Question(name, seed)
    return siting.solve(question.instance, question.model, numbers=question.given(), seconds=10, threads=1)


def table_instance(coordinates: bool = False) -> Instance:
    places = {"place_id": ["a", "b"], "name": ["A", "B"], "population": [10, 20], "kind": ["t", "t"]}
    where = {"lat": [48.0, 48.1], "lon": [33.0, 33.2]} if coordinates else {}
    return Instance.from_frames(
        places=pd.DataFrame({**places, **where}),
        candidates=pd.DataFrame({"site": ["a", "b"], "type": ["post", "post"]}),
        od=pd.DataFrame({"from": ["a", "b", "a"], "to": ["a", "b", "b"], "minutes": [1, 1, 5]}),
        settings={
            "name": "table", "currency": "EUR",
            "services": {"fire": {"standard": {"t": 3}}},
            "types": {"post": {"provides": {"fire": 0}, "cost": 1, "new": 1}}, "parameters": {"budget": 5},
        },
    )  # fmt: skip


def test_an_instance_without_coordinates_has_no_map(tmp_path: Path) -> None:
    result = siting.solve(table_instance(), "max_coverage")
    text, page = read(write_report(result, tmp_path / "report.html"))
    assert "There is no map" in text
    assert set(page.blocks) == {"numbers"}
    assert column(page, "services", "Within after")[0] == 20
    with pytest.raises(PlanError, match="does not say where"):
        write_png(result, tmp_path / "map.png")


def test_a_travel_table_with_coordinates_has_a_map_without_roads(tmp_path: Path) -> None:
    result = siting.solve(table_instance(coordinates=True), "max_coverage")
    _, page = read(write_report(result, tmp_path / "report.html"))
    assert json.loads(page.blocks["data"])["roads"] == []


def test_refusals(solved: Result, tmp_path: Path) -> None:
    none = replace(solved, plan=None, status=Status.INFEASIBLE, termination=Termination.PROVED)
    with pytest.raises(PlanError, match="no plan to report: proved infeasible"):
        write_report(none, tmp_path / "r.html")
    with pytest.raises(PlanError, match="no plan to draw"):
        write_png(none, tmp_path / "r.png")
    with pytest.raises(PlanError, match="cannot be written"):
        write_report(solved, tmp_path)
    with pytest.raises(PlanError, match="choose one of fire_rescue"):
        write_png(solved, tmp_path / "r.png", service="fires")
    assert list(tmp_path.iterdir()) == []


def test_the_picture_is_a_png(solved: Result, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    first = write_png(solved, tmp_path / "a.png", service="police").read_bytes()
    assert first.startswith(b"\x89PNG")
    assert first == write_png(solved, tmp_path / "b.png", service="police").read_bytes()
    assert first != write_png(solved, tmp_path / "c.png").read_bytes()


def test_bins_end_at_the_standards() -> None:
    for standards in ({"city": 10.0, "village": 20.0}, {"t": 3.0}, {str(n): float(n) for n in range(1, 6)}):
        ends, shades = bins(standards)
        assert set(standards.values()) <= set(ends)
        assert ends == sorted(ends)
        assert len(shades) == len(ends) + 1
        assert len(set(shades)) == len(shades)
    ends, shades = bins({str(n): float(n) for n in range(1, 40)})
    assert len(ends) == 7
    assert len(set(shades)) == 8


def test_many_roads_become_few_lines() -> None:
    side = 420
    lat, lon = (one.ravel() for one in np.meshgrid(np.linspace(48, 50, side), np.linspace(30, 33, side)))
    node = np.arange(side * side, dtype=np.int32).reshape(side, side)
    tail = np.concatenate([node[:, :-1].ravel(), node[:-1].ravel()])
    head = np.concatenate([node[:, 1:].ravel(), node[1:].ravel()])
    klass = np.where(np.arange(len(tail)) % 50 == 0, 0, 1).astype(np.int16)
    ms = np.where(klass == 0, 1000, 4000).astype(np.int32)
    metres = np.full(len(tail), 500, dtype=np.int32)
    classes, ids = ("trunk", "track"), np.arange(side * side).astype(object)
    roads = Roads(ids, lat, lon, tail, head, ms, classes, klass, metres)
    lines = thinned(roads, Plane.around(lat, lon))
    assert 1000 < len(lines.x0) <= MOST
    assert 0 < lines.major.sum() <= max(ALWAYS, (klass == 0).sum())
    width = np.ptp(np.concatenate([lines.x0, lines.x1]))
    assert width == pytest.approx(3 * 111.195 * np.cos(np.radians(49)), rel=0.02)


def test_the_country_is_small(tmp_path: Path) -> None:
    problem = problem_of(siting.read("ukraine"))
    result = result_of(problem, np.flatnonzero(problem.responses.options.free)[::20])
    path = write_report(result, tmp_path / "report.html", language="uk")
    assert path.stat().st_size < 10_000_000
    assert "Полтавська область" in path.read_text(encoding="utf-8")


def test_words_of_an_instance_are_read_and_written(three_towns: Instance) -> None:
    settings = three_towns.settings
    assert settings.translations["uk"]["Fire department"] == "Пожежна частина"
    assert parse_settings(as_dict(settings)) == (settings, [])
    raw = as_dict(settings) | {"translations": {"uk": {"Police": 3}, "pl": "Policja"}}
    wrong = parse_settings(raw)[1]
    assert [one.column for one in wrong] == ["translations.uk.Police", "translations.pl"]
