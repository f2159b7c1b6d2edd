"""The largest size at which each bundled model was proved, seconds of the whole solve on two cores."""

PROVED: dict[str, str] = {
    "max_coverage": "ukraine, gap 7e-6 in 32 s; 500 new proved in 1.0 s",
    "min_travel_time": "ukraine, 300,000 x 300,000 generated: proved in 110 s",
    "p_center": "OR-Library pmed1-20: all proved in 0.9 s; ukraine, fire alone, gap 2.9 % in 90 s",
    "set_cover": "5,000 places: proved in 1.1 s; ukraine, gap 2.0e-4 in 40 s",
}
"""Name of a model, and what was measured."""
