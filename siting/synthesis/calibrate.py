"""How well the proxy roads reproduce measured driving times, and what the assumptions decide.

``python -m siting.synthesis.calibrate HROMADAS.csv`` prints the tables of instances/ukraine/NOTES.md
as Markdown. The file is the list of territorial communities of the KSE Loc Data Hub, whose column
travel_time holds driving minutes from each community's center to the oblast center.
"""

from __future__ import annotations

import argparse
import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from siting.roads.times import nearest, network
from siting.synthesis.areas import excluded
from siting.synthesis.facts import read_facts
from siting.synthesis.names import plain
from siting.synthesis.paths import road_graph
from siting.synthesis.plane import great_circle_km, to_plane
from siting.synthesis.sensitivity import sensitivity_table
from siting.synthesis.tables import Synthesis
from siting.synthesis.ukraine import SEED, generate, read_base

STRAIGHT_MINUTES_PER_KM = 1.35
"""The rival: a straight line at this pace."""
APART = ("donetsk", "luhansk", "kherson")
"""Oblasts the front divides: the reference seems to drive around it."""


def compare(tables: Synthesis, reference: pd.DataFrame) -> pd.DataFrame:
    """Modelled and measured minutes from each community's center to its oblast center.

    Args:
        tables: the national instance.
        reference: hromadas.csv.

    Returns:
        region, measured, modelled, straight (minutes), without the oblast centers themselves.
    """
    places = tables.places
    tree = cKDTree(to_plane(places["lat"].to_numpy(), places["lon"].to_numpy()))
    backward = road_graph(places, tables.roads)
    backward = replace(backward, tail=backward.head, head=backward.tail)
    net = network(backward, 1.0)
    regions = {oblast.name_uk: oblast.region for oblast in read_facts().oblasts}
    parts = []
    for name, rows in reference.groupby("oblast_name"):
        lat, lon = _destination(rows, places)
        end = np.asarray(tree.query(to_plane(lat, lon))[1], dtype=np.int32)
        ms = nearest(net, end, np.zeros(1, dtype=np.int32))[0]
        start = rows[rows["travel_time"] > 0]
        points = to_plane(start["lat_center"].to_numpy(), start["lon_center"].to_numpy())
        km = great_circle_km(start["lat_center"].to_numpy(), start["lon_center"].to_numpy(), lat, lon)
        parts.append(
            pd.DataFrame(
                {
                    "region": regions[str(name)],
                    "measured": start["travel_time"].to_numpy(),
                    "modelled": ms[tree.query(points)[1]] / 60_000,
                    "straight": km * STRAIGHT_MINUTES_PER_KM,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _destination(rows: pd.DataFrame, places: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the reference drives to: its row of 0 minutes; Kyiv city for Kyiv Oblast, which has none."""
    zero = rows[rows["travel_time"] == 0]
    if len(zero):
        return zero["lat_center"].to_numpy()[:1], zero["lon_center"].to_numpy()[:1]
    kyiv = places[places["region"] == "kyiv-city"].iloc[:1]
    return kyiv["lat"].to_numpy(), kyiv["lon"].to_numpy()


def calibration_table(trips: pd.DataFrame) -> pd.DataFrame:
    """Ratio modelled / measured, correlation and error for groups of trips, one row each.

    The thirds hold every third oblast in order of the alphabet, without the three divided ones.
    """
    whole = trips[~trips["region"].isin(APART)]
    third = whole["region"].map({region: n % 3 for n, region in enumerate(sorted(whole["region"].unique()))})
    name = f"{whole['region'].nunique()} oblasts"
    groups = {name: whole}
    groups |= {
        f"every third oblast, from the {first}": whole[third == n]
        for n, first in enumerate(("1st", "2nd", "3rd"))
    }
    bins = ((0, 20), (20, 40), (40, 80), (80, 160), (160, 400))
    groups |= {
        f"measured {a}-{b} min": whole[whole["measured"].between(a, b, inclusive="left")] for a, b in bins
    }
    groups |= {region: trips[trips["region"] == region] for region in APART}
    rows = [_row(name, part, part["modelled"]) for name, part in groups.items()]
    rows.insert(
        1, _row(f"{name}, straight line at {STRAIGHT_MINUTES_PER_KM} min/km", whole, whole["straight"])
    )
    return pd.DataFrame(rows)


def _row(name: str, trips: pd.DataFrame, modelled: pd.Series[float]) -> dict[str, object]:
    ratio = modelled / trips["measured"]
    low, middle, high = np.quantile(ratio, [0.1, 0.5, 0.9])
    return {
        "trips": name,
        "number": len(trips),
        "median ratio": f"{middle:.3f}",
        "10th-90th percentile": f"{low:.2f}-{high:.2f}",
        "r": f"{np.corrcoef(modelled, trips['measured'])[0, 1]:.3f}",
        "mean error (min)": f"{(modelled - trips['measured']).abs().mean():.1f}",
    }


def markdown(table: pd.DataFrame) -> str:
    """The table in Markdown."""
    rows: list[list[str]] = [
        list(table.columns),
        ["---"] * len(table.columns),
        *table.astype(str).to_numpy().tolist(),
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def community_table(tables: Synthesis, reference: pd.DataFrame) -> pd.DataFrame:
    """How the grouping into areas agrees with the official communities, one row per question.

    An official community is looked up at the named place nearest to its center.

    Args:
        tables: the national instance.
        reference: hromadas.csv.
    """
    named = tables.places[~tables.places["place_id"].str.startswith("v")].reset_index(drop=True)
    tree = cKDTree(to_plane(named["lat"].to_numpy(), named["lon"].to_numpy()))
    centers = to_plane(reference["lat_center"].to_numpy(), reference["lon_center"].to_numpy())
    found = named.take(np.asarray(tree.query(centers)[1])).reset_index(drop=True)
    chosen = found["place_id"].str.partition("-")[0].isin(tables.places["community"])
    names = {district.id: plain(district.name_uk) for district in read_facts().districts}
    right = found["district"].map(names).to_numpy() == reference["raion_name"].map(plain).to_numpy()
    outside = excluded(found, tomllib.loads(tables.settings)["exclude"])
    occupied = reference["occipied_before_2022"].to_numpy() == 1
    rows = [
        ("official centers that are chosen as centers", chosen.sum(), len(chosen)),
        ("official centers in their own district", right.sum(), len(right)),
        ("communities occupied before 2022 that are excluded", (outside & occupied).sum(), occupied.sum()),
        ("excluded communities that were occupied before 2022", (outside & occupied).sum(), outside.sum()),
    ]
    share = [f"{100 * part / whole:.1f} %" for _, part, whole in rows]
    table = pd.DataFrame(rows, columns=["agreement with the official list", "number", "of"])
    return table.assign(share=share)


def main() -> None:
    """Print the calibration, the agreement of the areas, and the sensitivity table as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m siting.synthesis.calibrate", description=main.__doc__)
    parser.add_argument("hromadas", help="hromadas.csv of the KSE Loc Data Hub")
    reference = pd.read_csv(parser.parse_args().hromadas)
    base = read_base()
    tables = generate(base)
    trips = compare(tables, reference)
    print(markdown(calibration_table(trips)), end="\n\n")
    print(markdown(community_table(tables, reference)), end="\n\n")
    print(markdown(sensitivity_table(tables, generate(base, SEED + 1))))


if __name__ == "__main__":
    main()
