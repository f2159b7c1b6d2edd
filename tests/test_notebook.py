"""What notebooks and programs see: tables of coverage, HTML, GeoDataFrames, progress and the log."""

from __future__ import annotations

import gc
import logging
import threading
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest

import siting
from siting import Instance, Result
from siting.figures.coverage import BY, COLUMNS, coverage
from siting.figures.html import DOTS, instance_html, result_html
from siting.readers.cost_matrix import from_cost_matrix
from siting.writers.geodataframe import LAYERS, to_geodataframe
from tests.conftest import build_tiny, open_sites
from tests.test_check_dimensions import MODELS
from tests.test_check_dimensions import solved as solved_by

VOID = {"br"}


@pytest.fixture(scope="module")
def solved(three_towns: Instance) -> Result:
    return siting.solve(three_towns)


@cache
def random_results() -> list[Result]:
    """Results of random instances: plain ones, and ones with capacities, scenarios and periods."""
    plain = [open_sites(build_tiny(np.random.default_rng(seed))) for seed in range(6)]
    return plain + [solved_by(model, 1) for model in MODELS]


def same(value: float, told: float | None) -> bool:
    """Whether a cell is a figure of the summary; NaN stands for None."""
    return bool(np.isnan(value)) if told is None else value == pytest.approx(told, abs=2e-6, rel=1e-7)


def agrees(row: dict[str, float], told: dict[str, dict[str, float]]) -> bool:
    """Whether a row of coverage holds the figures of a summary before and after."""
    found = [same(row["people"], told["before"]["people"])]
    for when, figures in told.items():
        names = {"within": "people_within", "share": "share", "served": "people_served"}
        found += [same(row[f"{mine}_{when}"], figures[name]) for mine, name in names.items()]
        found.append(same(row[f"mean_minutes_{when}"], figures["mean_minutes"]))
    return all(found)


def test_coverage_is_what_the_summary_says() -> None:
    for result in random_results():
        summary = result.summary
        services = coverage(result, "service").set_index("service")
        assert agrees(services.loc["in_all"].to_dict(), {
            when: summary["in_all"][when] for when in ("before", "after") if when in summary["in_all"]
        })  # fmt: skip
        regions = coverage(result, "region").set_index(["id", "service"])
        kinds = coverage(result, "kind").set_index(["id", "service"])
        for name, told in summary["services"].items():
            whens = [when for when in ("before", "after") if when in told]
            assert agrees(services.loc[name].to_dict(), {when: told[when] for when in whens})
            for kind, figures in told["kinds"].items():
                if figures["before"]["people"]:
                    assert agrees(kinds.loc[(kind, name)].to_dict(), figures)
        for region in summary["regions"]:
            assert agrees(regions.loc[(region["id"], "in_all")].to_dict(), region["in_all"])
            for name, figures in region["services"].items():
                assert agrees(regions.loc[(region["id"], name)].to_dict(), figures)


@pytest.mark.parametrize("by", BY)
def test_members_add_up(by: str) -> None:
    for result in random_results():
        table, whole = coverage(result, by), coverage(result, "service").set_index("service")
        assert list(table.columns) == list(COLUMNS)
        sums = table.groupby("service")[["people", "within_before", "served_before"]].sum()
        for service, row in sums.iterrows():
            assert row.to_numpy() == pytest.approx(whole.loc[service, sums.columns].to_numpy(float), abs=0.1)


def test_coverage_of_places_is_that_of_the_assignments(solved: Result) -> None:
    table = coverage(solved, "place").set_index(["id", "service"])
    for row in solved.assignments.to_dict("records"):
        mine = table.loc[(row["place_id"], row["service"])]
        assert mine["within_after"] == row["people"] * row["covered"]
        assert mine["mean_minutes_after"] == row["minutes"]


def test_coverage_without_a_plan(solved: Result) -> None:
    table = coverage(replace(solved, plan=None, achieved=()), "region")
    assert table["within_after"].isna().all()
    assert table["within_before"].notna().all()


def test_coverage_by_something_else_is_refused(solved: Result) -> None:
    with pytest.raises(siting.ModelError, match="did you mean 'region'"):
        coverage(solved, "regions")


class Checked(HTMLParser):
    """Tags that are opened and closed in order, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.said = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def test_html_of_a_result(solved: Result) -> None:
    page = Checked(result_html(solved))
    assert "Proved optimal, gap 0 % (proved)" in page.said
    assert "44,700" in page.said
    assert "90.43 %" in page.said
    assert "Lypa" in page.said
    assert "3 places within every standard" in page.said
    assert "2 new facilities" in page.said
    assert "svg" in page.seen
    assert "script" not in page.seen


def test_html_of_an_instance(three_towns: Instance) -> None:
    page = Checked(instance_html(three_towns))
    assert "6 places with 20,900 people" in page.said
    assert "city 10 min, village 20 min" in page.said
    assert "svg" in page.seen


def test_html_of_every_kind_of_result() -> None:
    for result in random_results():
        Checked(result_html(result))
        Checked(instance_html(result.problem.instance))


def test_html_without_a_plan(three_towns: Instance) -> None:
    names = np.array([f"<b>{name}</b>" for name in three_towns.places.names], dtype=object)
    marked = replace(three_towns, places=replace(three_towns.places, names=names))
    page = Checked(result_html(siting.solve(marked, "min_travel_time", budget=6)))
    assert "Proved infeasible" in page.said
    assert "<b>Kalyna</b>" in page.said


def test_html_without_coordinates() -> None:
    instance = from_cost_matrix([[1.0, 3.0], [4.0, 2.0]], new=1)
    page = Checked(result_html(siting.solve(instance, "min_travel_time")))
    assert "svg" not in page.seen


def test_names_are_harmless_in_html(three_towns: Instance) -> None:
    names = np.array(
        ["<script>alert(1)</script>", "&lt;", '" onload="x', "‮abc", "x" * 10_000, "🚒"], dtype=object
    )
    hostile = replace(
        three_towns,
        sites=replace(three_towns.sites, names=np.concatenate([names, three_towns.sites.names[6:]])),
        settings=replace(three_towns.settings, title="<img src=x onerror=alert(1)>"),
        warnings=("<script>",),
    )
    for text in (instance_html(hostile), result_html(siting.solve(hostile, new=5, budget=100))):
        page = Checked(text)
        assert not {"script", "img"} & page.seen
        assert "x" * 200 not in page.said
        assert "<img src=x onerror=alert(1)>" in page.said


def test_large_instances_are_drawn_in_part() -> None:
    instance = siting.read("poltava")
    page = instance_html(instance)
    assert f"{DOTS:,} drawn" in page
    assert len(page) < 100_000


def test_geodataframes(solved: Result) -> None:
    geopandas = pytest.importorskip("geopandas")
    frames = {layer: to_geodataframe(solved, layer) for layer in LAYERS}
    assert all(isinstance(frame, geopandas.GeoDataFrame) for frame in frames.values())
    assert all(frame.crs.to_epsg() == 4326 for frame in frames.values())
    sites = frames["sites"]
    assert list(sites["site_id"]) == list(solved.sites["site_id"])
    assert [(point.x, point.y) for point in sites.geometry] == list(
        zip(solved.sites["lon"], solved.sites["lat"], strict=True)
    )
    assert len(frames["places"]) == 6
    assert len(frames["lines"]) == len(solved.assignments)


def test_geodataframes_that_cannot_be(solved: Result) -> None:
    with pytest.raises(siting.ModelError, match="did you mean 'sites'"):
        to_geodataframe(solved, "site")
    with pytest.raises(siting.PlanError, match="no plan to draw"):
        to_geodataframe(replace(solved, plan=None), "sites")


class MineError(Exception):
    """What a callback of the calling program raises."""


@pytest.mark.parametrize("method", ["exact", "decomposition", "relaxation"])
@pytest.mark.parametrize("after", [0, 2, 5])
def test_a_callback_that_fails_ends_the_solve_and_nothing_else(method: str, after: int) -> None:
    instance = siting.read("poltava")
    heard: list[siting.Progress] = []

    def fail(report: siting.Progress) -> None:
        heard.append(report)
        if len(heard) > after:
            raise MineError("stop here")

    threads = threading.active_count()
    with pytest.raises(MineError, match="stop here"):
        siting.solve(instance, "max_coverage", method=method, seconds=20, progress=fail)
    assert len(heard) == after + 1  # it is not called again
    assert gc.isenabled()
    assert threading.active_count() == threads
    three = siting.solve(siting.read("three_towns"), method=method)
    assert three.objective == 44700


def test_a_callback_may_ask_to_stop() -> None:
    stop = threading.Event()
    result = siting.solve(
        siting.read("poltava"), "max_coverage", stop=stop, method="decomposition",
        progress=lambda report: stop.set() if report.incumbent is not None else None,
    )  # fmt: skip
    assert result.termination in (siting.Termination.INTERRUPTED, siting.Termination.PROVED)
    assert result.plan is not None
    assert result.bound is not None


def test_the_log_is_silent_by_default(three_towns: Instance, capfd: pytest.CaptureFixture[str]) -> None:
    siting.solve(three_towns)
    assert capfd.readouterr() == ("", "")
    assert any(isinstance(one, logging.NullHandler) for one in logging.getLogger("siting").handlers)


def test_the_log_tells_phases_and_details(three_towns: Instance, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="siting"):
        result = siting.solve(three_towns, method="decomposition")
    said = {level: [one.getMessage() for one in caplog.records if one.levelno == level]
            for level in (logging.INFO, logging.DEBUG)}  # fmt: skip
    assert {"travel times", "check"} <= set(said[logging.INFO])
    assert set(result.seconds) - {"total"} <= set(said[logging.INFO])
    assert any(one.startswith("check took ") for one in said[logging.DEBUG])
    assert any(one.startswith("people_within: plan 44700") for one in said[logging.DEBUG])
