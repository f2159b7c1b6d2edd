"""One small instance written by hand that holds everything a bundled model asks for."""

from __future__ import annotations

import pandas as pd

from tests.catalogue.instances import SERVICES, TYPES, Tables

PLACES = [
    ("mist", "city", 900, "n", "d1", "c1", 4.0),
    ("selo", "village", 300, "n", "d1", "c2", 1.5),
    ("khutir", "village", 100, "s", "d2", "c2", 0.5),
]
ROADS = [("mist", "selo", 6.0, 60, "main"), ("selo", "khutir", 4.0, 40, "track")]
FACILITIES = [
    ("center", "Center", "basic_center", "mist", 1, 800, 1, 0.5),
    ("post", "Officers", "officer_station", "selo", 1, 300, 0, None),
]
CANDIDATES = [
    ("mist", "center_upgrade", 2.0, None, "center"),
    ("selo", "fire_department", 3.0, None, ""),
    ("khutir", "fire_department", 2.5, None, ""),
    ("mist", "division", 4.0, None, ""),
    ("selo", "sector", 1.5, None, ""),
    ("khutir", "officer_station", 0.5, 2, ""),
]
SCENARIOS = [("winter", "", "", "track", 1.5, ""), ("winter", "", "", "", None, "selo")]

NUMBERS = {
    "budget": 6, "yearly": 1, "yearly_budget": 4, "funds": 5, "busy": 0.3, "crews": 2, "floor": 0.5,
    "officers": 3, "tail": 0.25, "moves": 1, "apart": 5, "rate": 0.002,
}  # fmt: skip
"""Values of the models' parameters, where they have them; all others are the models' own."""


def fixed() -> Tables:
    """The instance's tables."""
    areas = [("community", "c1", "First", 3.0), ("community", "c2", "Second", None)]
    place = ["place_id", "kind", "population", "region", "district", "community", "fires"]
    facility = ["facility_id", "name", "type", "site", "units", "capacity", "closable", "saving"]
    places = pd.DataFrame(PLACES, columns=place)
    places.insert(1, "name", places["place_id"].str.capitalize())
    frames = {
        "places": places.assign(lat=[49.0, 49.01, 49.02], lon=32.0),
        "areas": pd.DataFrame(areas, columns=["level", "area_id", "name", "means"]),
        "roads": pd.DataFrame(ROADS, columns=["from", "to", "km", "kmh", "class"]),
        "facilities": pd.DataFrame(FACILITIES, columns=facility),
        "candidates": pd.DataFrame(CANDIDATES, columns=["site", "type", "cost", "units", "replaces"]),
        "scenarios": pd.DataFrame(SCENARIOS, columns=["scenario", "from", "to", "class", "factor", "site"]),
    }
    settings = {
        "name": "fixed",
        "currency": "million UAH",
        "services": SERVICES,
        "types": {name: {**kind, "new": 2} for name, kind in TYPES.items()},
        "scenarios": {"calm": {"probability": 0.75}, "winter": {"probability": 0.25}},
        "periods": {"first": {"weight": 1.0}, "second": {"weight": 0.5}},
    }
    return Tables(frames, settings)
