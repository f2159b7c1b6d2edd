"""Origin-destination tables of other programs: every layout gives what is in it, or says what is wrong."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import siting
from siting.readers.od import od_frame, read_od
from siting.readers.question import candidate_rows, question

SAN_FRANCISCO = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "spopt_sf"

LONG = "from,to,minutes\na,x,1.5\na,y,20\nb,x,\nb,y,0\n"
TIMES = {("a", "x"): 90_000, ("a", "y"): 1_200_000, ("b", "y"): 0}
ASKED: dict[str, Any] = {
    "currency": "stores",
    "services": {"shopping": {"standard": {"city": 5, "village": 5}}},
    "types": {"store": {"provides": {"shopping": 0}, "cost": 1.0, "new": 2}},
}


def write(folder: Path, text: str | bytes, name: str = "od.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def times(frame: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Ms of every pair of a frame."""
    ms = np.rint(60_000 * frame["minutes"]).astype(int)
    return dict(zip(zip(frame["from"], frame["to"], strict=True), ms, strict=True))


def held(instance: siting.Instance) -> dict[tuple[str, str], int]:
    """Ms of every pair of an instance."""
    od = instance.od
    assert od is not None
    ends = zip(instance.sites.ids[od.site], instance.places.ids[od.place], strict=True)
    return dict(zip(ends, od.ms.tolist(), strict=True))


def complaints(*arguments: Any, **options: Any) -> list[str]:
    with pytest.raises(siting.InstanceError) as caught:
        read_od(*arguments, **options)
    return [re.sub(r"/\S*/", "", str(one)) for one in caught.value.complaints]


LAYOUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "own": (LONG, {}),
    "r5": ("from_id,to_id,travel_time_p50\na,x,1.5\na,y,20\nb,x,NaN\nb,y,0\n", {}),
    "r5 percentiles": (
        "from_id,to_id,travel_time_p25,travel_time_p50\na,x,1,1.5\na,y,9,20\nb,y,0,0\nb,x,NA,NA\n",
        {},
    ),
    "r5 85": (
        "from_id,to_id,travel_time_p50,travel_time_p85\na,x,1,1.5\na,y,9,20\nb,y,0,0\n",
        {"columns": {"cost": "travel_time_p85"}},
    ),
    "r5py": ("from_id,to_id,travel_time\na,x,1.5\na,y,20\nb,y,0\n", {"unit": "minutes"}),
    "esri": (
        "ObjectID,Name,OriginID,DestinationID,DestinationRank,Total_Time,Total_Length\n"
        "1,A 1 - X 1,a,x,1,1.5,900\n2,A 1 - Y 1,a,y,2,20,800\n3,B 1 - Y 1,b,y,1,0,700\n",
        {},
    ),
    "esri names": ("Name;Total_TravelTime\na - x;1.5\na - y;20\nb - y;0\n", {}),
    "esri seconds": ("OriginName,DestinationName,Total_Seconds\na,x,90\na,y,1200\nb,y,0\n", {}),
    "esri own minutes": (
        "OriginOID,DestinationOID,Total_TruckTravelTime_Minutes\na,x,1.5\na,y,20\nb,y,0\n",
        {},
    ),
    "spopt": (
        "distance,name,DestinationName,demand\n1500,a,x,7\n20000,a,y,8\n0,b,y,8\n",
        {"unit": "metres", "kmh": 60},
    ),
    "seconds": ("Origin ID,Destination ID,travel-time_s\na,x,90\na,y,1200\nb,y,0\n", {}),
    "open": ("from,to,duration\na,x,90\na,y,1200\nb,y,0\n", {"unit": "seconds"}),
    "hours": ("from,to,cost\na,x,0.025\na,y,0.33333333333\nb,y,0\n", {"unit": "hours"}),
    "km": ("from,to,distance_km\na,x,0.75\na,y,10\nb,y,0\n", {"kmh": 30}),
    "named": (
        "w,u,v\n1.5,a,x\n20,a,y\n0,b,y\n",
        {"columns": {"from": "u", "to": "v", "cost": "w"}, "unit": "minutes"},
    ),
    "reverse": ("from,to,minutes\nx,a,1.5\ny,a,20\ny,b,0\n", {"reverse": True}),
    "wide": ("id,x,y\na,1.5,20\nb,,0\n", {"unit": "minutes"}),
    "wide without corner": (",x,y\na,90,1200\nb,nan,0\n", {"unit": "seconds"}),
    "wide forced": ("from,x,y\na,1.5,20\nb,,0\n", {"unit": "minutes", "shape": "wide"}),
    "semicolons": ("from;to;minutes\na;x;1,5\na;y;20\nb;x;\nb;y;0\n", {}),
    "tabs": ("from\tto\tminutes\na\tx\t1,5\na\ty\t20,0\nb\ty\t0\n", {}),
    "bars": ("from|to|minutes\na|x|1.5\na|y|20\nb|y|0\n", {}),
    "line ends": ("\r\n".join(LONG.splitlines()), {}),
    "blank lines": ("\n" + LONG.replace("a,y", "\n  \n,,\na,y"), {}),
    "quoted": ('"from","to","minutes"\n"a","x","1.5"\na,y,20\n"b",y,"0"\n', {}),
    "byte order mark": ("\ufeff" + LONG, {}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_times(layout: str, tmp_path: Path) -> None:
    text, options = LAYOUTS[layout]
    assert times(od_frame(write(tmp_path, text), **options)) == TIMES


@pytest.mark.parametrize("layout", ["r5", "esri", "spopt", "wide"])
def test_the_instance_is_that_built_by_hand(layout: str, tmp_path: Path) -> None:
    text, options = LAYOUTS[layout]
    places = pd.DataFrame({"id": ["y", "x"], "name": ["Y", "X"], "pop": [40, 20_000]})
    instance = read_od(write(tmp_path, text), places=places, settings=ASKED, **options)
    asked = question("od", "t", sources=[], notes="", settings=ASKED)
    rows = [(*pair, ms / 60_000) for pair, ms in TIMES.items()]
    by_hand = siting.Instance.from_frames(
        places=pd.DataFrame(
            {
                "place_id": ["y", "x"],
                "name": ["Y", "X"],
                "population": [40, 20_000],
                "kind": ["village", "city"],
            }
        ),
        candidates=candidate_rows(asked, ["a", "b"]),
        od=pd.DataFrame(rows, columns=["from", "to", "minutes"]),
        settings=asked,
    )
    assert held(instance) == held(by_hand) == TIMES
    for part in ("places", "sites", "candidates"):
        one, two = getattr(instance, part), getattr(by_hand, part)
        for name in vars(two):
            if isinstance(getattr(two, name), np.ndarray):
                np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)
    assert siting.solve(instance, "max_coverage").objective == siting.solve(by_hand, "max_coverage").objective


def test_without_anything_else_destinations_are_places_and_origins_candidates(tmp_path: Path) -> None:
    instance = read_od(write(tmp_path, LONG.replace("b,y,0", "b,z,") + "c,x,2\n", "time table.csv"))
    assert instance.settings.name == "time table"
    assert instance.places.ids.tolist() == ["x", "y", "z"]
    assert instance.places.population.tolist() == [1, 1, 1]
    assert set(instance.sites.ids[instance.candidates.site]) == {"a", "c"}
    assert len(instance.facilities.ids) == 0
    assert np.isnan(instance.places.lat).all()
    assert any("no origin reaches, 1 people: 1, z" in one for one in instance.warnings)
    assert any("reach no place are no candidate sites: 1, b" in one for one in instance.warnings)
    assert "3 travel times from 3 origins to 3 destinations" in instance.settings.notes


def test_facilities_and_candidates_of_the_planners_own(tmp_path: Path) -> None:
    instance = read_od(
        write(tmp_path, LONG),
        facilities=write(tmp_path, "site\na\n", "old.csv"),
        candidates=write(tmp_path, "site;cost\nb;2,5\n", "new.csv"),
        settings=ASKED,
    )
    assert instance.facilities.ids.tolist() == ["a store"]
    assert instance.sites.ids[instance.candidates.site].tolist() == ["b"]
    assert instance.candidates.cost.tolist() == [2.5]
    assert any("new.csv: read with semicolons" in one for one in instance.warnings)


def test_places_with_and_without_coordinates_in_other_words(tmp_path: Path) -> None:
    text = "GEOID,Label,Latitude,Long,POP2020,region\nx,Ex,48.5,31,10.4,r\ny,,49,32,7.5,r\n\n,,,,,\n"
    instance = read_od(write(tmp_path, LONG), places=write(tmp_path, text, "people.csv"))
    assert instance.places.names.tolist() == ["Ex", "y"]
    assert instance.places.lat.tolist() == [48.5, 49]
    assert instance.places.population.tolist() == [10, 8]
    assert instance.areas["region"].ids.tolist() == ["r"]
    assert any("rounded: 2" in one for one in instance.warnings)


def test_tables_of_a_european_spreadsheet(tmp_path: Path) -> None:
    text = "place_id;population;lat;lon\nx;10,4;48,5;31,25\ny;7;49;32\n"
    own = {**ASKED, "services": {"shopping": {"standard": {"tract": 5}}}}
    instance = read_od(write(tmp_path, LONG), places=write(tmp_path, text, "people.csv"), settings=own)
    assert instance.places.lat.tolist() == [48.5, 49]
    assert instance.places.population.tolist() == [10, 7]
    assert instance.places.kinds == ("tract",)


def test_the_ids_of_places_are_where_the_destinations_are(tmp_path: Path) -> None:
    text = "OBJECTID,ID,NAME,population\n1,17,y,5\n2,18,x,6\n"
    instance = read_od(write(tmp_path, LONG), places=write(tmp_path, text, "people.csv"))
    places = instance.places
    assert dict(zip(places.ids, zip(places.names, places.population, strict=True), strict=True)) == {
        "y": ("y", 5),
        "x": ("x", 6),
    }
    assert held(instance) == {("a", "x"): 90_000, ("a", "y"): 1_200_000, ("b", "y"): 0}


def test_destinations_that_are_no_places_are_left_out_and_named(tmp_path: Path) -> None:
    places = pd.DataFrame({"place_id": ["y"], "population": [3]})
    instance = read_od(write(tmp_path, LONG), places=places)
    assert held(instance) == {("a", "y"): 1_200_000, ("b", "y"): 0}
    assert any("are left out: 1, x" in one for one in instance.warnings)


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["a", "b"], "say reverse=True"),
        (["007"], "lost the zeros"),
        (["q"], 'columns={"to": ..., "place_id": ...}'),
    ],
)
def test_ids_that_do_not_match_at_all(ids: list[str], words: str, tmp_path: Path) -> None:
    path = write(tmp_path, LONG + "a,7,1\n")
    (said,) = complaints(path, places=pd.DataFrame({"place_id": ids, "population": 1}))
    assert "no destination is a place of places" in said
    assert words in said


BAD: dict[str, tuple[str | bytes, dict[str, Any], list[str]]] = {
    "negative": (
        "from,to,minutes\na,x,-1\na,y,inf\na,z,40000\n",
        {},
        [
            "od.csv:2 minutes: -1 must be >= 0",
            "od.csv:3 minutes: inf must be finite; leave the cell empty where there is no way",
            "od.csv:4 minutes: 40,000 minutes must be <= 35,791; is the unit right?",
        ],
    ),
    "text": (
        'from,to,minutes\n\n"a\nb",x,1\na,x,soon\na,y,1;5\n',
        {},
        ["od.csv:5 minutes: 'soon' is not a number", "od.csv:6 minutes: '1;5' is not a number"],
    ),
    "mixed decimals": (
        "from;to;minutes\na;x;1,5\na;y;1.5\n",
        {},
        ["od.csv:3 minutes: '1.5' is not a number; the other numbers have a decimal comma"],
    ),
    "pair twice": (
        "from,to,minutes\na,x,1\nb,x,1\na,x,\n",
        {},
        ["od.csv:4: the pair ('a', 'x') is there already"],
    ),
    "no id": (
        "from,to,minutes\n,x,1\na,,1\n,,\n",
        {},
        [
            "od.csv:2 from: the cell is empty; an id is expected",
            "od.csv:3 to: the cell is empty; an id is expected",
        ],
    ),
    "no pair": (
        "Name,minutes\na - x,1\na-y,1\na - b - c,1\n",
        {},
        [
            "od.csv:3 Name: names no pair: expected two names with ' - ' between them, once",
            "od.csv:4 Name: names no pair: expected two names with ' - ' between them, once",
        ],
    ),
    "cut off": (
        "from,to,minutes\na,x,1\na,y",
        {},
        [
            "od.csv:3: 2 cells, but the header has 3; is the file cut off, "
            "or a cell with a separator not quoted?"
        ],
    ),
    "cut off in quotes": (
        'from,to,minutes\n"a",x,1\na,y',
        {},
        [
            "od.csv:3: 2 cells, but the header has 3; is the file cut off, "
            "or a cell with a separator not quoted?"
        ],
    ),
    "open unit": (
        "from,to,travel_time\na,x,1\n",
        {},
        [
            "od.csv unit: does not say in which unit 'travel_time' is; "
            "give unit, one of seconds, minutes, hours, metres, km, miles"
        ],
    ),
    "distance": (
        "from,to,distance_m\na,x,1\n",
        {},
        [
            "od.csv unit: 'distance_m' holds distances in metres; give the speed that makes them times, kmh "
            "(60 makes a kilometre a minute)"
        ],
    ),
    "speed of times": (
        LONG,
        {"kmh": 50},
        ["od.csv unit: 'minutes' holds times in minutes; kmh is for distances: leave it out"],
    ),
    "contradiction": (
        LONG,
        {"unit": "seconds"},
        ["od.csv unit: unit='seconds' contradicts the name of the column 'minutes', which says minutes"],
    ),
    "wrong words": (
        LONG,
        {"unit": "secnds", "shape": "tall", "kmh": 0},
        [
            "od.csv unit: 'secnds' must be one of seconds, minutes, hours, metres, km, miles; "
            "did you mean 'seconds'?",
            "od.csv shape: 'tall' must be one of long, wide",
            "od.csv kmh: 0 must be > 0 and < 10,000 (km/h)",
        ],
    ),
    "wrong column": (
        LONG,
        {"columns": {"cost": "minuts"}},
        ["od.csv cost: there is no column 'minuts'; did you mean 'minutes'?"],
    ),
    "wrong role": (
        LONG,
        {"columns": {"costs": "minutes"}},
        ["columns: 'costs' must be one of from, to, cost; did you mean 'cost'?"],
    ),
    "percentiles": (
        "from_id,to_id,travel_time_p25,travel_time_p75\na,x,1,2\n",
        {},
        [
            "od.csv cost: 'travel_time_p25', 'travel_time_p75' may all hold travel times or distances; "
            'name one with columns={"cost": ...}'
        ],
    ),
    "neither long nor wide": (
        "from,y,minutes\na,1,2\n",
        {"unit": "minutes"},
        [
            "od.csv to: no column is known to hold the destinations; there are 'from', 'y', 'minutes'; "
            'name it with columns={"to": ...}, or say shape="wide" if the headers are ids of destinations'
        ],
    ),
    "matrix": (
        "id,x,y,\na,1,-2,\na,1,b,\n",
        {"unit": "minutes"},
        ["od.csv:3 y: 'b' is not a number"],
    ),
    "matrix twice": (
        "id,x,y\na,1,-2\na,1,3\n,4,5\n",
        {"unit": "minutes"},
        [
            "od.csv:4 id: the cell is empty; an id is expected",
            "od.csv:2 y: -2 must be >= 0",
            "od.csv:3 id: the origin is there already",
        ],
    ),
    "header twice": (
        "id,x,x\na,1,2\n",
        {"unit": "minutes"},
        ["od.csv:1 x: the column occurs more than once"],
    ),
    "one column": (
        "minutes\n5\n",
        {},
        ["od.csv: the header 'minutes' is a single cell; cells are separated by commas, semicolons or tabs"],
    ),
    "old line ends": (
        "\r".join(LONG.splitlines()),
        {},
        ["od.csv: holds carriage returns that end no line; save it with usual line ends"],
    ),
    "nothing but blanks": (
        "from,to,minutes\n,,\n",
        {},
        ["od.csv: no pair has a time; nothing can be reached"],
    ),
    "unreachable": (
        "id,a,b\nx,,\n",
        {"unit": "km", "kmh": 9},
        ["od.csv: no pair has a time; nothing can be reached"],
    ),
    "header only": ("from,to,minutes\n", {}, ["od.csv:1: the table has no rows"]),
    "empty": ("", {}, ["od.csv: the file is empty"]),
    "blank": ("\n \n", {}, ["od.csv:1: the file is empty; a header line is expected"]),
    "windows": (
        "from,to,minutes\na,x,1\nКиїв,x,1\n".encode("cp1251"),
        {},
        ["od.csv:3: byte 0xCA is not UTF-8; save the file as UTF-8, not e.g. Windows-1251"],
    ),
    "binary": (
        b"from,to,minutes\na,x,1\n\0\0\0",
        {},
        ["od.csv:3: holds a NUL byte; it is not a text file or is damaged"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tables_are_refused_with_their_lines(case: str, tmp_path: Path) -> None:
    text, options, expected = BAD[case]
    assert complaints(write(tmp_path, text), **options) == expected


def test_many_complaints_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"a,{n},-1\n" for n in range(50))
    said = complaints(write(tmp_path, "from,to,minutes\n" + rows))
    assert len(said) == 21
    assert said[-1] == "od.csv: ... and 30 more cells like these"


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert complaints(tmp_path)[0].endswith("is a folder; a CSV or Parquet file is expected")
    assert complaints(tmp_path / "none.csv") == ["none.csv: there is no such file"]
    assert complaints([1, 2]) == ["od: must be a CSV or Parquet file, or a pandas DataFrame, not list"]


def test_limits_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, LONG)
    monkeypatch.setattr("siting.readers.od.csv_source.MAX_CELLS", 3)
    assert complaints(path) == ["od.csv: more than 3 rows; split the table"]
    monkeypatch.setattr("siting.readers.od.source.MAX_BYTES", 10)
    assert "split the table" in complaints(path)[0]
    monkeypatch.setattr("siting.readers.od.source.MAX_CELLS", 3)
    assert complaints(pd.read_csv(path.open())) == ["od: more than 3 rows; split the table"]


def test_utf_16_and_semicolons_are_read_and_said(tmp_path: Path) -> None:
    text = "from;to;minutes\nКиїв;Суми;1,5\nКиїв;Хуст;20\n"
    instance = read_od(write(tmp_path, text.encode("utf-16")))
    assert held(instance) == {("Київ", "Суми"): 90_000, ("Київ", "Хуст"): 1_200_000}
    said = [one.rpartition("/")[2] for one in instance.warnings]
    assert said[:3] == [
        "od.csv: read as UTF-16",
        "od.csv: read with semicolons between the cells",
        "od.csv: read with decimal commas",
    ]


def test_complaints_about_places_name_their_line(tmp_path: Path) -> None:
    text = "place_id,population\nx,5\n\ny,-3\nx,many\n"
    said = complaints(write(tmp_path, LONG), places=write(tmp_path, text, "people.csv"))
    assert any(one.startswith("people.csv:4 population: '-3'") for one in said), said
    assert any(one.startswith("people.csv:5 population: 'many'") for one in said), said
    assert any(one.startswith("people.csv:5 place_id: 'x' is there already") for one in said), said
    (said,) = complaints(write(tmp_path, LONG), places=write(tmp_path, "id,population\n", "people.csv"))
    assert said == "people.csv:1: the table has no rows; expected: places with people"
    (said,) = complaints(write(tmp_path, LONG), places=write(tmp_path, "id,size\nx,5\n", "people.csv"))
    assert "no column is known to hold people; there are id, size" in said
    (said,) = complaints(
        write(tmp_path, LONG), places=write(tmp_path, "size,population\nx,5\n", "people.csv")
    )
    assert "no column is known to hold ids" in said


def test_frames_are_read_as_files_are(tmp_path: Path) -> None:
    frame = pd.DataFrame({"from": [1.0, 1.0, 2.0], "to": [7, 8, 8], "minutes": [1.5, np.nan, 3]})
    assert times(od_frame(frame)) == {("1", "7"): 90_000, ("2", "8"): 180_000}
    assert times(od_frame(frame.astype({"from": "Int64", "minutes": object}))) == times(od_frame(frame))
    bad = frame.assign(minutes=[True, "x", None])
    assert complaints(bad) == [
        "od.iloc[0] minutes: 'True' is not a number",
        "od.iloc[1] minutes: 'x' is not a number",
    ]
    assert complaints(frame.assign(minutes=[-1.0, 2, 3])) == ["od.iloc[0] minutes: -1 must be >= 0"]
    assert complaints(frame.assign(minutes=pd.to_timedelta([1, 2, 3], "min")))[0].startswith(
        "od.iloc[0] minutes"
    )


def test_parquet(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame(
        {"from_id": ["a", "a", "b"], "to_id": ["x", "y", "y"], "travel_time_p50": [1.5, 20, 0]}
    )
    path = tmp_path / "od.parquet"
    frame.astype({"from_id": "category"}).to_parquet(path)
    assert times(od_frame(path)) == TIMES
    wide = frame.pivot(index="from_id", columns="to_id", values="travel_time_p50").reset_index()
    wide.to_parquet(path)
    assert times(od_frame(path, unit="minutes")) == TIMES
    frame.assign(travel_time_p50=["1.5", "20", "x"]).to_parquet(path)
    assert complaints(path) == ["od.parquet row 3 travel_time_p50: 'x' is not a number"]
    frame.assign(travel_time_p50=[1.5, -20, 0]).to_parquet(path)
    assert complaints(path) == ["od.parquet row 2 travel_time_p50: -20 must be >= 0"]
    frame.to_parquet(path)
    data = path.read_bytes()
    for damaged in (data[:-9], data[:40], b"PAR1" + data[10:], b"x,y\n1,2\n"):
        assert complaints(write(tmp_path, damaged, "od.parquet"))[0].startswith("od.parquet: ")
    for position in range(8, len(data), 37):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0x5A]) + data[position + 1 :])
        try:
            read_od(path)
        except siting.InstanceError:
            continue


IDS = st.text("abcdefgxyz0123456789é ї-", min_size=1, max_size=4).filter(lambda one: one == one.strip())
CELLS = st.one_of(st.none(), st.integers(0, 30_000_000).map(lambda ms: ms / 60_000))


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_wide_and_long_tables_are_equal(data: st.DataObject, tmp_path: Path) -> None:
    origins = data.draw(st.lists(IDS, min_size=1, max_size=5, unique=True))
    destinations = data.draw(
        st.lists(IDS.filter(lambda one: one != "id"), min_size=1, max_size=5, unique=True)
    )
    rows = [
        data.draw(st.lists(CELLS, min_size=len(destinations), max_size=len(destinations))) for _ in origins
    ]
    decimal, separator = data.draw(st.sampled_from([(".", ","), (".", ";"), (",", ";"), (",", "\t")]))
    wide = pd.DataFrame(rows, columns=destinations, dtype=float)
    wide.insert(0, "\u00a0id", origins)
    long = wide.melt("\u00a0id", var_name="to_id", value_name="minutes").rename(
        columns={"\u00a0id": "from", "to_id": "to"}
    )
    expected = times(long.dropna())
    for table, options in (
        (wide, {"unit": "minutes", "shape": "wide"}),
        (long.sample(frac=1, random_state=1), {}),
    ):
        path = tmp_path / "od.csv"
        table.to_csv(path, sep=separator, decimal=decimal, index=False)
        assert times(od_frame(path, **options)) == expected
        assert times(od_frame(table, **options)) == expected


@given(
    data=st.binary(max_size=60), begin=st.sampled_from([b"", b"from,to,minutes\n", b"id;a;b\n", b"\xff\xfe"])
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_bring_anything_but_an_instance_error(data: bytes, begin: bytes, tmp_path: Path) -> None:
    path = write(tmp_path, begin + data)
    for options in ({}, {"shape": "wide", "unit": "minutes"}):
        try:
            od_frame(path, **options)
        except siting.InstanceError:
            continue


@pytest.fixture(scope="module")
def city() -> siting.Instance:
    """San Francisco; at 0.06 km/h a metre is a minute, and a millisecond 1/60,000 metre."""
    if not SAN_FRANCISCO.is_dir():
        pytest.skip("the reference data is not beside the checkout")
    return read_od(
        SAN_FRANCISCO / "SF_network_distance_candidateStore_16_censusTract_205_new.csv",
        places=SAN_FRANCISCO / "SF_demand_205_centroid_uniform_weight.csv",
        unit="metres",
        kmh=0.06,
        settings={**ASKED, "services": {"shopping": {"standard": {"city": 5000, "village": 5000}}}},
    )


def test_tracts_of_san_francisco_are_joined_by_name(city: siting.Instance) -> None:
    assert len(city.places.ids) == 205
    assert city.places.population.sum() == 955_113
    assert not np.isnan(city.places.lat).any()
    assert len(city.candidates.site) == 16
    assert "cost 'distance' in metres at 0.06 km/h" in city.settings.notes


def test_published_maximal_covering(city: siting.Instance) -> None:
    result = siting.solve(city, "max_coverage", new={"store": 4}, numbers={"unserved": 22_000})
    assert result.status is siting.Status.OPTIMAL
    assert result.objective == 875_247


def test_published_p_median(city: siting.Instance) -> None:
    result = siting.solve(city, "min_travel_time", new={"store": 4})
    assert result.status is siting.Status.OPTIMAL
    assert result.objective == pytest.approx(2_848_268_129.7145, rel=1e-9)


@pytest.mark.slow
def test_two_million_rows_in_bounded_memory_and_time(tmp_path: Path) -> None:
    size = 2_000_000
    path = tmp_path / "big.csv"
    with path.open("w") as file:
        file.write("from_id,to_id,travel_time_p50\n")
        for origin in range(400):
            file.write("".join(f"o{origin},d{n},{(origin * n) % 97}\n" for n in range(size // 400)))
    frame = od_frame(path)
    assert len(frame) == size
    assert frame.memory_usage(deep=True).sum() < 20 * size
    origin = frame["from"].cat.codes.to_numpy().astype(int)
    assert (frame["minutes"] == origin * frame["to"].cat.codes % 97).all()


def test_written_and_read_again_it_is_the_same(tmp_path: Path, city: siting.Instance) -> None:
    for number, instance in enumerate((city, read_od(write(tmp_path, LONG)))):
        again = siting.read(siting.write_instance(instance, tmp_path / f"{number}"))
        assert held(again) == held(instance)
        for part in ("places", "sites", "candidates", "facilities"):
            for name, one in vars(getattr(instance, part)).items():
                if isinstance(one, np.ndarray):
                    np.testing.assert_array_equal(getattr(getattr(again, part), name), one, err_msg=name)
        assert again.settings == instance.settings
