"""A result in the formats of other tools: every file is opened by the library that others would use."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import highspy
import numpy as np
import pandas as pd
import pulp
import pytest

import siting
from siting.errors import InstanceError, PlanError
from siting.instance import Instance
from siting.measures.program import Arrays
from siting.plan import Status
from siting.result import Result
from siting.writers import excel
from siting.writers import export as exporting
from siting.writers.export import FORMATS, export
from siting.writers.program import write_lp, write_mps
from tests.catalogue.questions import Question
from tests.test_catalogue_brute_force import NAMES

ROOT = Path(__file__).resolve().parent.parent
CBC = pulp.PULP_CBC_CMD().path
HOSTILE = [
    '=cmd|"/C calc"!A0', "<script>alert(1)</script>", "\u202eright to left", "🔥 fire 🚒",
    "x" * 40_000, "a\tb; c | d\\",
]  # fmt: skip


@pytest.fixture(scope="module")
def towns(three_towns: Instance) -> Result:
    return siting.solve(three_towns, "max_coverage")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """three_towns whose places have names that no file should trust."""
    folder = tmp_path_factory.mktemp("hostile") / "three_towns"
    shutil.copytree(ROOT / "instances" / "three_towns", folder)
    places = pd.read_csv(folder / "places.csv")
    places["name"] = HOSTILE
    places.to_csv(folder / "places.csv", index=False)
    return siting.solve(siting.read(folder), "max_coverage")


def optimum(file: Path) -> tuple[str, float]:
    """Status and optimum of a program by HiGHS."""
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("mip_rel_gap", 0.0)
    assert model.readModel(str(file)) == highspy.HighsStatus.kOk
    model.run()
    return str(model.getModelStatus()).rpartition(".")[2], model.getInfo().objective_function_value


def optimum_by_cbc(file: Path, solution: Path) -> float:
    words = [CBC, str(file), "-ratio", "0", "-sec", "20", "-solve", "-solu", str(solution)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)
    head = solution.read_text(encoding="utf-8").splitlines()[0]
    assert head.startswith("Optimal"), head
    return float(head.split()[-1])


def programs(result: Result, kind: str, folder: Path) -> list[Path]:
    file = export(result, kind, folder / f"plan.{kind}")
    return [file, *(folder / f"plan.{n}.{kind}" for n in range(2, len(result.achieved) + 1))]


@pytest.mark.parametrize("name", NAMES)
def test_exported_programs_have_the_optimum_of_siting(name: str, tmp_path: Path) -> None:
    question = Question(name, 303)
    result = siting.solve(question.instance, question.model, numbers=question.given(), seconds=30, threads=1)
    for kind in ("lp", "mps"):
        files = programs(result, kind, tmp_path)
        if result.plan is None:
            assert result.status is Status.INFEASIBLE
            assert optimum(files[0])[0] == "kInfeasible"
            continue
        for goal, told, file in zip(result.problem.objectives, result.achieved, files, strict=True):
            sign = -1.0 if kind == "mps" and goal.maximize else 1.0
            status, found = optimum(file)
            assert status == "kOptimal"
            assert sign * found == pytest.approx(told.value, rel=1e-6, abs=1e-6), (kind, goal.term.label)


def test_highs_and_cbc_reach_the_objectives_of_three_towns(towns: Result, tmp_path: Path) -> None:
    for kind in ("lp", "mps"):
        for told, file in zip(towns.achieved, programs(towns, kind, tmp_path), strict=True):
            sign = -1.0 if kind == "mps" and told.maximize else 1.0
            assert sign * optimum(file)[1] == pytest.approx(told.value, rel=1e-9)
            assert sign * optimum_by_cbc(file, tmp_path / "c.sol") == pytest.approx(told.value, rel=1e-9)


def test_highs_reaches_the_objective_of_poltava(tmp_path: Path) -> None:
    result = siting.solve(siting.read("poltava"), "max_coverage", seconds=30)
    for kind in ("lp", "mps"):
        status, found = optimum(programs(result, kind, tmp_path)[0])
        assert status == "kOptimal"
        assert abs(found) == pytest.approx(result.objective, rel=1e-9)


def test_every_candidate_has_a_variable_and_a_line_in_the_table_of_names(
    towns: Result, tmp_path: Path
) -> None:
    file = export(towns, "lp", tmp_path / "plan.lp")
    names = pd.read_csv(tmp_path / "plan.names.csv")
    candidates = towns.problem.instance.candidates
    assert len(names) == len(candidates.site)
    assert set(names["name"]) == {
        f"open.{site}.{kind}" for site, kind in zip(names["site_id"], names["type"], strict=True)
    }
    assert all(f" {name}\n" in file.read_text(encoding="utf-8") for name in names["name"])


def test_rows_between_two_bounds_and_empty_rows_are_written(tmp_path: Path) -> None:
    program = Arrays(
        maximize=True, cost=np.array([1.0, -0.5, 0.1]), offset=0.0,
        lower=np.array([-2.0, 0.0, 1.0]), upper=np.array([5.0, 3.0, 1.0]),
        integer=np.array([True, False, False]),
        indptr=np.array([0, 2, 2, 3]), index=np.array([0, 1, 0], dtype=np.int32),
        value=np.array([1.0, -1.0, 2.0]),
        row_lower=np.array([0.25, -1.0, -np.inf]), row_upper=np.array([1.5, 0.0, 7.0]),
    )  # fmt: skip
    columns = np.array(["x", "y", "constant"], dtype=object)
    # x is whole and at most 3.5, so 3; then y >= 1.5.
    write_lp(tmp_path / "a.lp", program, columns, ["wide", "empty", "low"], ["two\nlines"])
    assert optimum(tmp_path / "a.lp") == ("kOptimal", pytest.approx(3 - 0.75 + 0.1))
    write_mps(tmp_path / "a.mps", program, columns, ["wide", "empty", "low"], ["two\nlines"])
    assert optimum(tmp_path / "a.mps") == ("kOptimal", pytest.approx(-(3 - 0.75 + 0.1)))
    assert optimum_by_cbc(tmp_path / "a.mps", tmp_path / "c.sol") == pytest.approx(-2.35)


def test_geojson_holds_the_sites_and_lines_to_whom_they_serve(towns: Result, tmp_path: Path) -> None:
    export(towns, "geojson", tmp_path / "plan.geojson")
    files = {name: json.loads((tmp_path / f"plan{name}.geojson").read_text(encoding="utf-8"))
             for name in ("", ".facilities", ".places", ".lines")}  # fmt: skip
    sites = files[""]["features"]
    assert [one["properties"]["site_id"] for one in sites] == list(towns.sites["site_id"])
    for one, row in zip(sites, towns.sites.itertuples(), strict=True):
        assert one["geometry"] == {"type": "Point", "coordinates": [row.lon, row.lat]}
        assert one["properties"]["FacilityType"] == 3
    kinds = [one["properties"]["FacilityType"] for one in files[".facilities"]["features"]]
    assert kinds.count(3) == len(sites)
    assert kinds.count(1) == len(towns.problem.instance.facilities.ids)
    served = towns.assignments[towns.assignments["facility"] != ""]
    lines = pd.DataFrame([one["properties"] for one in files[".lines"]["features"]])
    assert list(lines["place_id"]) == list(served["place_id"])
    assert list(lines["facility"]) == list(served["facility"])
    assert list(lines["Total_Minutes"]) == list(served["minutes"])
    known = {one["properties"]["FacilityID"] for one in files[".facilities"]["features"]}
    assert set(lines["FacilityID"]) <= known
    assert set(lines["DemandID"]) <= {one["properties"]["DemandID"] for one in files[".places"]["features"]}
    weights = lines.groupby("FacilityID")["Weight"].sum()
    for one in files[".facilities"]["features"]:
        told = one["properties"]
        assert told["DemandWeight"] == pytest.approx(weights.get(told["FacilityID"], 0.0))
        mine = lines[lines["FacilityID"] == told["FacilityID"]]
        assert told["DemandCount"] == mine["DemandID"].nunique()
    for one in files[".lines"]["features"]:
        ends = None if one["geometry"] is None else one["geometry"]["coordinates"]
        assert ends is None or (len(ends) == 2 and ends[0] != ends[1])


def test_geopackage_holds_layers_and_tables(towns: Result, tmp_path: Path) -> None:
    geopandas, pyogrio = pytest.importorskip("geopandas"), pytest.importorskip("pyogrio")
    file = export(towns, "gpkg", tmp_path / "plan.gpkg")
    assert dict(pyogrio.list_layers(file)) == {
        "sites": "Point", "facilities": "Point", "places": "Point", "lines": "LineString",
        "roads": "LineString", "assignments": None,
    }  # fmt: skip
    sites = geopandas.read_file(file, layer="sites")
    assert sites.crs.to_epsg() == 4326
    assert list(sites["Name"]) == list(towns.sites["name"])
    assert list(sites.geometry.x) == list(towns.sites["lon"])
    table = pyogrio.read_dataframe(file, layer="assignments")
    assert list(table["minutes"].fillna(-1)) == list(towns.assignments["minutes"].fillna(-1))
    roads = towns.problem.instance.roads
    assert roads is not None
    drawn = geopandas.read_file(file, layer="roads")
    assert len(drawn) + drawn["minutes_back"].notna().sum() == len(roads.tail)


def test_places_are_as_late_as_their_latest_need(towns: Result, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    export(towns, "parquet", tmp_path / "plan.parquet")
    places = pd.read_parquet(tmp_path / "plan.places.parquet")
    grouped = towns.assignments.groupby("place_id", sort=False)
    latest = grouped["minutes"].agg(lambda column: column.max(skipna=False))
    assert places.set_index("place_id")["minutes"].equals(latest[places["place_id"]])
    covered = grouped["covered"].min()
    assert places.set_index("place_id")["covered"].equals(covered[places["place_id"]])


def test_parquet_is_geoparquet_where_there_are_coordinates(towns: Result, tmp_path: Path) -> None:
    geopandas = pytest.importorskip("geopandas")
    file = export(towns, "parquet", tmp_path / "plan.parquet")
    sites = geopandas.read_parquet(file)
    assert sites.crs.to_epsg() == 4326
    assert list(sites["site_id"]) == list(towns.sites["site_id"])
    assignments = pd.read_parquet(tmp_path / "plan.assignments.parquet")
    pd.testing.assert_frame_equal(assignments, towns.assignments, check_dtype=False)


def test_workbook_holds_the_tables_under_a_header_that_stays(towns: Result, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    file = export(towns, "xlsx", tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["sites", "assignments", "regions", "summary", "limits"]
    assert all(sheet.freeze_panes == "A2" for sheet in book)
    sites = pd.read_excel(file, sheet_name="sites", keep_default_na=False)
    assert list(sites.columns) == list(towns.sites.columns)
    assert list(sites["cost"]) == list(towns.sites["cost"])
    at = list(sites.columns).index("cost") + 1
    assert book["sites"].cell(2, at).number_format == "#,##0.00"
    limits = pd.read_excel(file, sheet_name="limits")
    assert list(limits["value"]) == [one["value"] for one in towns.summary["limits"]]
    summary = pd.read_excel(file, sheet_name="summary").set_index("figure")["value"]
    assert summary["people_within: value"] == towns.objective
    regions = pd.read_excel(file, sheet_name="regions")
    assert regions["in_all people"].sum() == towns.summary["in_all"]["after"]["people"]


def test_names_are_text_everywhere(hostile: Result, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    pyogrio = pytest.importorskip("pyogrio")
    for kind in FORMATS:
        export(hostile, kind, tmp_path / f"plan.{kind}")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    begun = [cell for cell in cells if isinstance(cell.value, str) and cell.value.startswith(("=", "+", "@"))]
    assert begun
    assert all(cell.quotePrefix for cell in begun)
    assert max(len(cell.value) for cell in cells if isinstance(cell.value, str)) == 32_767
    with zipfile.ZipFile(tmp_path / "plan.xlsx") as parts:
        assert not [name for name in parts.namelist() if b"<f>" in parts.read(name)]
    text = (tmp_path / "plan.places.geojson").read_text(encoding="utf-8")
    assert "<" not in text
    found = [one["properties"]["Name"] for one in json.loads(text)["features"]]
    assert found == [str(name) for name in hostile.problem.instance.places.names]
    assert list(pyogrio.read_dataframe(tmp_path / "plan.gpkg", layer="places")["Name"]) == found


@pytest.fixture(scope="module")
def without_map() -> Result:
    """An instance with a table of travel times and no coordinates."""
    pairs = [(a, b, 3.0 + 4 * abs(a - b)) for a in range(4) for b in range(4)]
    instance = Instance.from_frames(
        places=pd.DataFrame(
            {"place_id": range(4), "name": list("abcd"), "population": [5, 3, 8, 1], "kind": "town"}
        ),
        candidates=pd.DataFrame({"site": range(4), "type": "station", "cost": 1.0}),
        od=pd.DataFrame(pairs, columns=["from", "to", "minutes"]),
        settings={
            "name": "table",
            "currency": "EUR",
            "services": {"fire": {"weight": 1.0, "standard": {"town": 6}}},
            "types": {"station": {"provides": {"fire": 1.0}, "new": 2}},
            "parameters": {"budget": 2.0},
        },
    )
    return siting.solve(instance, "max_coverage")


@pytest.mark.parametrize("kind", ["geojson", "gpkg"])
def test_maps_need_coordinates(kind: str, without_map: Result, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="has no coordinates"):
        export(without_map, kind, tmp_path / f"plan.{kind}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "lp", "mps"])
def test_tables_and_programs_need_none(kind: str, without_map: Result, tmp_path: Path) -> None:
    assert export(without_map, kind, tmp_path / f"plan.{kind}").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_of_model_is_written_in_every_format(name: str, tmp_path: Path) -> None:
    pytest.importorskip("geopandas")
    for seed in range(313, 343):
        question = Question(name, seed)
        given = question.given()
        result = siting.solve(question.instance, question.model, numbers=given, seconds=30, threads=1)
        if result.plan is not None:
            break
    assert result.plan is not None
    for kind in FORMATS:
        assert export(result, kind, tmp_path / f"plan.{kind}").is_file()
    sites = pd.read_parquet(tmp_path / "plan.parquet")
    assert list(sites["FacilityID"].sort_values() - 1) == list(result.plan.opened)


def test_what_cannot_be_written_is_refused(
    towns: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PlanError, match="did you mean 'gpkg'"):
        export(towns, "gpgk", tmp_path / "plan.gpkg")
    with pytest.raises(PlanError, match=r"ends in \.lp"):
        export(towns, "lp", tmp_path / "plan.mps")
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(PlanError, match="cannot be written"):
        export(towns, "lp", tmp_path / "file" / "plan.lp")
    monkeypatch.setattr(excel, "MOST_ROWS", 3)
    with pytest.raises(PlanError, match=r"assignments: .* rows"):
        export(towns, "xlsx", tmp_path / "plan.xlsx")
    monkeypatch.setattr(exporting, "layers", broken)
    with pytest.raises(InstanceError, match="not installed"):
        export(towns, "geojson", tmp_path / "plan.geojson")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def broken(*_: object) -> None:
    raise InstanceError("this needs a library which is not installed")
