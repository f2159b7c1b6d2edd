"""Programs as LP and MPS files, which every solver reads, straight from their arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TextIO

import numpy as np

from siting.instance.arrays import Floats, Longs, Texts
from siting.measures.program import Arrays

_TERMS_PER_LINE = 3


def write_lp(file: Path, program: Arrays, columns: Texts, rows: Sequence[str], about: Sequence[str]) -> None:
    """Write a program in the LP format of CPLEX.

    Args:
        file: where to.
        program: n columns and m rows; its offset must be 0.
        columns, rows: (n,) and (m,) names that the format allows.
        about: lines of comment at the top.
    """
    used = np.zeros(len(columns), dtype=bool)
    used[program.index] = True
    shown = np.flatnonzero((program.cost != 0) | ~used)  # a column that is in no row is known from here
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"\\ {_one_line(line)}\n" for line in about)
        out.write("Maximize\n" if program.maximize else "Minimize\n")
        out.write(f" obj:{_sum(_terms(program.cost[shown], columns[shown]))}\n")
        out.write("Subject To\n")
        out.writelines(_lp_rows(program, columns, rows))
        out.write("Bounds\n")
        low, high = _words(program.lower), _words(program.upper)
        out.writelines(
            f" {one} = {least}\n" if least == most else f" {least} <= {one} <= {most}\n"
            for one, least, most in zip(columns.tolist(), low, high, strict=True)
        )
        if program.integer.any():
            out.write("Generals\n")
            out.writelines(f" {name}\n" for name in columns[program.integer].tolist())
        out.write("End\n")


def write_mps(file: Path, program: Arrays, columns: Texts, rows: Sequence[str], about: Sequence[str]) -> None:
    """Write a program in the free MPS format, always to be minimized.

    The format has no direction of its own, and not every solver reads the section that some have
    added: a program to be maximized is written with its objective negated.

    Args:
        file, program, columns, rows, about: as for :func:`write_lp`.
    """
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.writelines(f"* {_one_line(line)}\n" for line in about)
        if program.maximize:
            out.write("* to be maximized: obj is the objective times -1, to be minimized\n")
        out.write("NAME siting FREE\nROWS\n N obj\n")
        kinds = _row_kinds(program)
        out.writelines(f" {kind} {name}\n" for kind, name in zip(kinds, rows, strict=True))
        out.write("COLUMNS\n")
        _mps_columns(out, program, columns, rows)
        out.write("RHS\n")
        right = np.where(np.isfinite(program.row_lower), program.row_lower, program.row_upper)
        out.writelines(
            f" RHS {name} {side}\n"
            for name, side in zip(rows, _words(right), strict=True)
            if side != "0"
        )  # fmt: skip
        _mps_ranges(out, program, rows)
        out.write("BOUNDS\n")
        out.writelines(_mps_bounds(program, columns))
        out.write("ENDATA\n")


def _lp_rows(program: Arrays, columns: Texts, rows: Sequence[str]) -> Iterator[str]:
    """Rows, those between two bounds as two."""
    terms = _terms(program.value, columns[program.index]).tolist()
    low, high = _words(program.row_lower), _words(program.row_upper)
    nothing = f" 0 {columns[-1]}"
    for number, (start, end) in enumerate(pairwise(program.indptr.tolist())):
        left = _sum(terms[start:end]) if end > start else nothing
        least, most, name = low[number], high[number], rows[number]
        if least == most:
            yield f" {name}:{left} = {least}\n"
        elif most == "inf":
            yield f" {name}:{left} >= {least}\n"
        elif least == "-inf":
            yield f" {name}:{left} <= {most}\n"
        else:
            yield f" {name}.low:{left} >= {least}\n {name}.high:{left} <= {most}\n"


def _terms(values: Floats, names: Texts) -> Texts:
    """(Z,) ``+ 3 name`` of every term."""
    distinct, which = np.unique(values, return_inverse=True)
    signs = ["-" if value < 0 else "+" for value in distinct.tolist()]
    words = [
        f"{sign} " if word == "1" else f"{sign} {word} "
        for sign, word in zip(signs, _words(np.abs(distinct)), strict=True)
    ]
    return np.asarray(np.array(words, dtype=object)[which] + names)


def _sum(terms: Sequence[str] | Texts) -> str:
    """Terms on lines that are not too long for any reader."""
    if len(terms) <= _TERMS_PER_LINE:
        return " " + " ".join(terms)
    starts = range(0, len(terms), _TERMS_PER_LINE)
    return " " + "\n  ".join(" ".join(terms[start : start + _TERMS_PER_LINE]) for start in starts)


def _words(values: Floats) -> list[str]:
    """Numbers in as few digits as tell them from their neighbours; infinite ones are inf and -inf."""
    return [repr(value).removesuffix(".0") for value in (np.asarray(values) + 0.0).tolist()]


def _row_kinds(program: Arrays) -> list[str]:
    least, most = program.row_lower, program.row_upper
    kinds = np.where(least == most, "E", np.where(np.isfinite(least), "G", "L"))
    return [str(kind) for kind in kinds.tolist()]


def _mps_columns(out: TextIO, program: Arrays, columns: Texts, rows: Sequence[str]) -> None:
    """Columns with their terms, whole ones between markers; the objective comes first in each."""
    sign = -1.0 if program.maximize else 1.0
    order = np.argsort(program.index, kind="stable")
    row_of = np.repeat(np.arange(len(program.indptr) - 1), np.diff(program.indptr))[order]
    words = np.array(rows, dtype=object)[row_of] + np.array([" "], dtype=object)
    lines = (words + _each(program.value[order])).tolist()
    start = np.searchsorted(program.index[order], np.arange(len(columns) + 1)).tolist()
    cost, whole, inside = _words(sign * program.cost), program.integer.tolist(), False
    for number, name in enumerate(columns.tolist()):
        if whole[number] != inside:
            inside = whole[number]
            out.write(f" MARKER 'MARKER' '{'INTORG' if inside else 'INTEND'}'\n")
        mine = lines[start[number] : start[number + 1]]
        if cost[number] != "0" or not mine:
            out.write(f" {name} obj {cost[number]}\n")
        out.writelines(f" {name} {line}\n" for line in mine)
    if inside:
        out.write(" MARKER 'MARKER' 'INTEND'\n")


def _each(values: Floats) -> Texts:
    """(Z,) words of numbers of which many are the same."""
    distinct, which = np.unique(values, return_inverse=True)
    return np.asarray(np.array(_words(distinct), dtype=object)[which])


def _mps_ranges(out: TextIO, program: Arrays, rows: Sequence[str]) -> None:
    """How far beyond its lower bound a row may go that has two."""
    least, most = program.row_lower, program.row_upper
    both: Longs = np.flatnonzero(np.isfinite(least) & np.isfinite(most) & (least != most))
    if len(both):
        out.write("RANGES\n")
        width = _words(most[both] - least[both])
        out.writelines(f" RNG {rows[row]} {wide}\n" for row, wide in zip(both.tolist(), width, strict=True))


def _mps_bounds(program: Arrays, columns: Texts) -> Iterator[str]:
    low, high = _words(program.lower), _words(program.upper)
    for name, least, most in zip(columns.tolist(), low, high, strict=True):
        if least == most:
            yield f" FX BND {name} {least}\n"
            continue
        if least != "0":
            yield f" LO BND {name} {least}\n"
        yield f" UP BND {name} {most}\n"


def _one_line(text: str) -> str:
    """A comment that stays on its line; a name may hold anything."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:250]
