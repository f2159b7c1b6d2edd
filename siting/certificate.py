"""Multipliers that prove a bound, so that anyone can evaluate it again without the solver."""

from __future__ import annotations

from dataclasses import dataclass

from siting.instance.arrays import Floats, Ints


@dataclass(frozen=True, eq=False)
class Case:
    """Multipliers for all plans that open some options and leave others closed.

    Any multipliers prove some bound, good ones a close one.

    With everything turned so that more is better, let g_i(t) be what need i contributes to the objective
    when it is answered after t, plus what it contributes to every earlier objective and every limit on
    needs times its multiplier. However plans look, max over open j of g_i(t_ij) <= v_i + sum over opened j
    of max(0, g_i(t_ij) - v_i) for any v_i that is at least g_i of today, so that no plan exceeds

        sum_i v_i + sum_j max(0, sum_i max(0, g_i(t_ij) - v_i) - c_j) + what multipliers make of the limits,

    c_j being what opening j takes off the objective and, by their prices, off the limits (Cornuejols,
    Fisher & Nemhauser 1977, Management Science 23: 789-810).

    Attributes:
        opened, closed: options that are open, and that are not, in the plans of this case.
        worth: (N,) v_i, in the unit of the objective, negative where it is minimized; NaN stands for what
            need i contributes today.
        kept: per earlier objective the multiplier of what it has achieved, >= 0.
        low, high: (L,) multipliers of the sides of every limit of the problem, >= 0; of a limit on needs
            it enters g, of one on options it is a price.
    """

    opened: Ints
    closed: Ints
    worth: Floats
    kept: Floats
    low: Floats
    high: Floats


Certificate = tuple[Case, ...]
"""Cases that together hold every plan, of one objective: no plan exceeds the largest of their bounds.

They are the leaves of a tree in which each inner node asks whether one option is open.
"""
