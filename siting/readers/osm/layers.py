"""What was read, sorted into settlements, facilities and buildings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.instance.arrays import Settings
from siting.readers.osm.buildings import BUILDINGS, FACILITIES, SETTLEMENTS, Site, sites_of
from siting.readers.osm.objects import Thing
from siting.readers.osm.settlements import Settlement, place_rows, settlements


@dataclass(frozen=True)
class Layers:
    """What stands on the map.

    Attributes:
        towns: settlements.
        places: their rows of places.csv.
        facilities: per facility type its sites.
        buildings: per kind of building that candidates are asked for at, its sites.
        everywhere: whether every settlement is a candidate site.
        typeless: per value of ``amenity`` that the settings have no facility type for, its sites.
    """

    towns: list[Settlement]
    places: pd.DataFrame
    facilities: dict[str, list[Site]]
    buildings: dict[str, list[Site]]
    everywhere: bool
    typeless: dict[str, list[Site]]

    def points(self) -> pd.DataFrame:
        """Columns id, name, lat, lon: settlements first, each point once."""
        towns = self.places[["place_id", "name", "lat", "lon"]].set_axis(["id", "name", "lat", "lon"], axis=1)
        rows = [
            (site.thing.id, site.name, site.thing.lat, site.thing.lon)
            for sites in (*self.facilities.values(), *self.buildings.values())
            for site in sites
        ]
        if not rows:
            return towns
        both = pd.concat((towns, pd.DataFrame(rows, columns=towns.columns)), ignore_index=True)
        return both.drop_duplicates("id", ignore_index=True)

    def facility_rows(self) -> pd.DataFrame:
        """facilities.csv."""
        rows = [
            (site.thing.id, site.name, type_, site.thing.id)
            for type_, sites in self.facilities.items()
            for site in sites
        ]
        columns = ["facility_id", "name", "type", "site"]
        table = pd.DataFrame(rows, columns=columns)
        twice = table["facility_id"].duplicated(keep=False)  # one thing may be of two types
        table.loc[twice, "facility_id"] += "-" + table.loc[twice, "type"]
        return table

    def candidate_sites(self) -> list[str]:
        """Sites of candidates, each once."""
        found = [*self.places["place_id"]] if self.everywhere else []
        found += [site.thing.id for sites in self.buildings.values() for site in sites]
        return list(dict.fromkeys(found))


def sort_out(
    things: Sequence[Thing], places: Sequence[str], rules: Sequence[str], settings: Settings, where: str
) -> Layers:
    """Sort things into layers.

    Args:
        things: points and areas.
        places: values of ``place`` that are demand points.
        rules: of candidates.
        settings: with the kinds of place and the facility types.
        where: the file, for complaints.

    Raises:
        InstanceError: there is no settlement, none of the buildings asked for, or no kind of place
            for some settlements.
    """
    towns = settlements([one for one in things if one.tags.get("place") in places])
    complaints = []
    if not towns:
        what = (
            f"holds no settlement (place={', '.join(places)}); ask for other places, or take a larger extract"
        )
        complaints.append(Complaint(where, what))
    kinds = [rule for rule in rules if rule != SETTLEMENTS]
    buildings = {kind: sites_of(things, BUILDINGS[kind]) for kind in kinds}
    everywhere = SETTLEMENTS in rules
    if not everywhere and not any(buildings.values()):
        what = f"holds no {' or '.join(kinds)} for candidates; ask for others, e.g. {SETTLEMENTS}"
        complaints.append(Complaint(where, what))
    if complaints:
        raise InstanceError(complaints)
    types = {type_.id for type_ in settings.types}
    existing = {amenity: sites_of(things, ("amenity", amenity)) for amenity in FACILITIES}
    return Layers(
        towns,
        place_rows(towns, settings),
        {FACILITIES[one]: sites for one, sites in existing.items() if FACILITIES[one] in types},
        buildings,
        everywhere,
        {one: sites for one, sites in existing.items() if sites and FACILITIES[one] not in types},
    )
