"""The algebra of a model as text: its objectives, limits and rules, and what every symbol means."""

from __future__ import annotations

from collections.abc import Mapping

from siting.measures.arguments import Points
from siting.model import Limit, Model, Number, Use
from siting.response import Layout

_SYMBOLS = {
    "times": "k", "worst": "k", "crews": "K", "unserved": "U", "busy": "q", "tail": "q",
    "reliability": "alpha", "moving": "m", "by": "g", "rate": "r",
}  # fmt: skip
"""Letters by which the formulas of measures name their arguments."""

_UNSAID: Mapping[str, Number] = {"worst": 1.0, "crews": 3.0}
"""What arguments are that a model file may leave out, and that stand in a formula."""


def algebra(model: Model) -> str:
    """The model's algebra as text, one line per objective, limit and rule, then its symbols."""
    layout, lines = model.layout, []
    for number, goal in enumerate(model.goals):
        word = "maximize" if goal.maximize else "minimize"
        formula = _formula(goal.use, model)
        told = _arguments(goal.use, model, formula)
        if goal.tolerance and number + 1 < len(model.goals):
            told.append(f"later objectives may worsen it by the share {_number(goal.tolerance, model)}")
        lines.append(f"{'then ' if number else ''}{word}  {formula}{_told(told)}")
    lines.append("subject to")
    lines += [f"  {line}" for limit in model.limits for line in _limit(limit, model)]
    lines += [f"  {rule}" for rule in _rules(layout)]
    lines.append("where")
    symbols = _symbols(model, "\n".join(lines))
    width = max(len(symbol) for symbol, _ in symbols)
    return "\n".join([*lines, *(f"  {symbol:<{width}}  {meaning}" for symbol, meaning in symbols)])


def _limit(limit: Limit, model: Model) -> list[str]:
    """A line for each side of a limit."""
    formula = _formula(limit.use, model, limit)
    each = f"  for each {limit.each}" if limit.each else ""
    told = _told(_arguments(limit.use, model, formula))
    return [
        f"{formula} {sign} {_number(value, model)}{each}{told}"
        for sign, value in (("<=", limit.at_most), (">=", limit.at_least))
        if value is not None
    ]


def _told(arguments: list[str]) -> str:
    return f"; {', '.join(arguments)}" if arguments else ""


def _formula(use: Use, model: Model, limit: Limit | None = None) -> str:
    """The formula of a measure, in the symbols of the layout, and what narrows it."""
    layout, measure = model.layout, use.measure
    text = measure.algebra.partition(", ")[0] if "points" in measure.arguments else measure.algebra
    if "per" in measure.arguments:
        size = "f_i" if use.arguments.get("per") == "fires" else "w_i"
        text = text.replace("f_i", size).replace("w_i", size)
    if "unserved" in measure.arguments and "unserved" not in use.arguments:
        text = text.replace("min(t_i, U)", "t_i")
    if _by_type(use, model):
        text = text.replace("q^min(n_i, K)", "prod_c q_c^min(n_ic, K)").replace("q^n_i", "prod_c q_c^n_ic")
    if measure.name == "cost":
        text = _cost(use, layout, limit)
    elif measure.name == "total_cost":
        text = text.replace("sum_j c_j y_j", _cost(use, layout, limit))
    if layout.serve != "nearest" and "type" not in measure.filters:
        text = _assigned(text, use)
    narrowed = [f"{key} {' or '.join(ids)}" for key, ids in use.filters.items()]
    if limit is not None and limit.each is not None:
        narrowed.append(f"{limit.each} {limit.each.upper()}")
    return f"{text} [{', '.join(narrowed)}]" if narrowed else text


def _cost(use: Use, layout: Layout, limit: Limit | None) -> str:
    """Cost: of units where there are several, as a payer bears it, and less what closing saves."""
    share = "p_j " if "payer" in use.filters or (limit is not None and limit.each == "payer") else ""
    text = f"sum_j {share}c_j {'x_j' if layout.units else 'y_j'}"
    if layout.closing:
        saved = "(s_f - m)" if "moving" in use.arguments else "s_f"
        text += f" - sum_f {share.replace('j', 'f')}{saved} (1 - y_f)"
    return text


def _assigned(text: str, use: Use) -> str:
    """A formula of who answers first as one of who serves which share."""
    sums, slash, rest = text.partition(" / ")
    sums = sums.replace("w_i", "sum_j a_ij w_i").replace("f_i", "sum_j a_ij f_i").replace("t_i", "t_ij")
    timed = {"travel_time": "U", "total_cost": "r U"}
    idle = timed.get(use.measure.name) if "unserved" in use.arguments else None
    return f"{sums}{f' + {idle} sum_i w_i (1 - sum_j a_ij)' if idle else ''}{slash}{rest}"


def _arguments(use: Use, model: Model, text: str) -> list[str]:
    """What the letters of a formula are."""
    shown = []
    for key in use.measure.arguments:
        value = use.arguments.get(key, _UNSAID.get(key))
        if value is None or key == "per":
            continue
        if isinstance(value, tuple):
            letter = "u" if " u(t_i" in text else "l"
            shown.append(_curve(letter, value))
        elif key == "minutes":
            letter = "D" if " D minutes" in text else "S_i"
            shown.append(f"{letter} = {_number(value, model)} min")
        elif key == "by":
            shown.append(f"g each {value}")
        else:
            letter = "q_c" if key == "busy" and "q_c" in text else _SYMBOLS[key]
            shown.append(f"{letter} = {_number(value, model)}")
    return shown


def _curve(letter: str, points: Points) -> str:
    """The points of a curve, e.g. ``u = 1 at 8, 0.5 at 20, 0 at 40 min``."""
    return f"{letter} = {', '.join(f'{value:g} at {minutes:g}' for minutes, value in points)} min"


def _number(value: Number, model: Model) -> str:
    """A number, or the name of a parameter as a planner sets it."""
    if not isinstance(value, str):
        return f"{value:g}"
    name = value.removeprefix("$")
    each = model.parameters[name].each
    return f"{name}.{each.upper()}" if each else name


def _by_type(use: Use, model: Model) -> bool:
    """Whether the busy share differs between facility types."""
    busy = use.arguments.get("busy")
    return isinstance(busy, str) and model.parameters[busy.removeprefix("$")].each == "type"


def _rules(layout: Layout) -> list[str]:
    """What the layout demands beside the limits of the model file."""
    rules = []
    if layout.units:
        rules.append("y_j <= x_j <= most units y_j  for each j")
    if layout.periods:
        rules.append("sum of y_j over the periods <= 1  for each (site, facility type)")
    if layout.serve != "nearest":
        across = "".join(f", {word}" for word, there in _across(layout) if there)
        rules += [
            "sum_j a_ij <= 1  for each i",
            "a_ij <= y_j  for each i, j",
            f"sum_i people_i a_ij <= C_j x_j  for each j, service{across}",
            f"a_ij in {'{0, 1}' if layout.serve == 'single' else '[0, 1]'}  for each i, j",
        ]
    return rules


def _across(layout: Layout) -> list[tuple[str, bool]]:
    return [("scenario", layout.scenarios), ("period", layout.periods)]


def _symbols(model: Model, text: str) -> list[tuple[str, str]]:
    """The symbols in use and their meaning."""
    layout = model.layout
    across = [word for word, there in _across(layout) if there]
    of_i = [text_ for word, text_ in _FACTORS.items() if word in across]
    service = f"service {' or '.join(layout.services)}" if layout.services else "service"
    kind = f"facility type {' or '.join(layout.types)}" if layout.types else "facility type"
    free = ", ".join(("site", kind, *["period"] * layout.periods))
    stand = "existing facility or candidate" if layout.every else "candidate"
    found = [("i", f"need ({', '.join(('place', service, *across))})")]
    if "w_i" in text:
        found.append(("w_i", " x ".join(("its people", "weight of the service", *of_i))))
    if "f_i" in text:
        found.append(("f_i", " x ".join(("fires a year at its place", *of_i))))
    found.append(("S_i", "its coverage standard in minutes, by service and kind of place"))
    found += [("j", f"candidate ({free})"), ("y_j", "in {0, 1}, whether it is opened")]
    if layout.units:
        found.append(("x_j", f"whole number of units at {stand} j; of existing ones as many as there are"))
    found += [(symbol, meaning) for symbol, meaning in _MONEY.items() if f"{symbol} " in text]
    found += _closing(layout)
    found += _times(layout, text, stand)
    found += [(symbol, meaning) for symbol, meaning in _CURVES.items() if f" {symbol[:3]}_i" in text]
    if " U" in text:
        found.append(("U", "minutes counted for a need that nobody answers, or later"))
    return found


_FACTORS = {"scenario": "probability of the scenario", "period": "weight of the period"}

_MONEY = {
    "c_j": "cost of one unit of j",
    "p_j": "share of the cost of its type that the payer bears",
}

_CURVES = {
    "u(t)": "worth of an answer after t minutes: straight lines between the points, level outside them",
    "l(t)": "loss by an answer after t minutes: straight lines between the points, level outside them",
}


def _closing(layout: Layout) -> list[tuple[str, str]]:
    if not layout.closing:
        return []
    return [
        ("f", "existing facility; y_f in {0, 1}, whether it stays open; 1 unless it is closable"),
        ("s_f", "what closing it saves; m what closing it costs, where given"),
    ]


def _times(layout: Layout, text: str, stand: str) -> list[tuple[str, str]]:
    """Response times under the rule for standards, and what of them counts."""
    travel, way = "turnout of j + minutes of the service's vehicle from j to i", "S_i km_ij / D_i"
    rule = {
        "minutes": travel,
        "km": way,
        "both": f"max({travel}, {way})",
        "either": f"min({travel}, {way})",
    }[layout.standard]
    where = ", on the roads of the scenario; infinite where its site is lost" if layout.scenarios else ""
    found = [("t_ij", f"{rule}{where}")]
    if layout.standard != "minutes":
        found += [
            ("km_ij", "kilometres by road from j to i"),
            ("D_i", "distance standard of i in km: a way of D_i km counts S_i minutes"),
        ]
    later = ", of those opened in its period or before" if layout.periods else ""
    if layout.serve != "nearest":
        found += [
            ("a_ij", f"share of need i that {stand} j serves{later}"),
            ("C_j", "people one unit of j can serve, of every service"),
        ]
    else:
        found.append(("t_i", f"min of t_ij over existing facilities that are open and opened j{later}"))
    if "n_i" in text:
        found.append(("n_i", f"sum of x_j over all open j with t_ij <= S_i{later}"))
    if "n_ic" in text:
        found.append(("n_ic", "the same over those of type c"))
    return found
