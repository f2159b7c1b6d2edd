"""One region cut out of a generated instance."""

from __future__ import annotations

from siting.synthesis.settings import Question, settings_text
from siting.synthesis.tables import Synthesis


def cut_region(tables: Synthesis, region: str, question: Question, seed: int) -> Synthesis:
    """The places, roads, facilities and candidates inside one region.

    Roads with one end outside are left out, and so is help from outside: coverage near the border
    reads lower than in the whole.

    Args:
        tables: the whole instance.
        region: the region kept.
        question, seed: what instance.toml of the part says.
    """
    places = tables.places[tables.places["region"] == region]
    ids = set(places["place_id"])
    used = {"region": {region}, "district": set(places["district"]), "community": set(places["community"])}
    areas, roads = tables.areas, tables.roads
    named = [area in used[level] for level, area in areas[["level", "area_id"]].itertuples(index=False)]
    joined = roads["from"].isin(ids) & roads["to"].isin(ids)
    scenarios = tables.scenarios
    elsewhere = scenarios["from"].notna() & ~(scenarios["from"].isin(ids) & scenarios["to"].isin(ids))
    return Synthesis(
        places=places,
        areas=areas[named],
        facilities=tables.facilities[tables.facilities["site"].isin(ids)],
        candidates=tables.candidates[tables.candidates["site"].isin(ids)],
        roads=roads[joined],
        scenarios=scenarios[~elsewhere],
        settings=settings_text(question, seed),
    )
