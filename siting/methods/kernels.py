"""Loops of the search for plans, compiled by numba; arrays only, see :mod:`siting.methods.form`."""

from __future__ import annotations

import numpy as np

from siting.compiled import inner, kernel, part
from siting.methods.limit_kernels import ROOM, groups_fit, spend, swap_fits


@inner
def _sift_down(heap, score, size, at):  # type: ignore[no-untyped-def]
    """Restore a heap of columns with the highest score on top, ties by number."""
    j = heap[at]
    while True:
        child = 2 * at + 1
        if child >= size:
            break
        a = heap[child]
        if child + 1 < size:
            b = heap[child + 1]
            if score[b] > score[a] or (score[b] == score[a] and b < a):
                child, a = child + 1, b
        if score[a] < score[j] or (score[a] == score[j] and a > j):
            break
        heap[at] = a
        at = child
    heap[at] = j


@part
def _gain(col_start, col_pair, row, saving, current, j):  # type: ignore[no-untyped-def]
    total = 0.0
    for q in range(col_start[j], col_start[j + 1]):
        p = col_pair[q]
        total += max(0.0, saving[p] - current[row[p]])
    return total


@kernel
def greedy(  # type: ignore[no-untyped-def]
    indptr, col, saving, outlay, col_start, col_pair, row, use, member, amount, room, weight, is_open, used,
    current,
):  # fmt: skip
    """Open columns by gain, less the outlay, per weighted use of the limits while any fits.

    Gains only fall, so a column whose gain is still the highest when counted anew is the best one
    (Minoux 1978, Accelerated greedy algorithms for maximizing submodular set functions).
    ``is_open``, ``used`` (K+H,) and ``current`` (n, best saving so far) are changed in place.
    """
    count, groups = len(is_open), len(member)
    score, burden = np.empty(count), np.empty(count)
    heap, size, top, none = np.empty(count, np.int64), np.int64(0), np.int64(0), np.int64(-1)
    for j in range(count):
        score[j] = -outlay[j]
    for i in range(len(current)):  # by row: columns would jump about in memory
        for p in range(indptr[i], indptr[i + 1]):
            if saving[p] <= current[i]:
                break
            score[col[p]] += saving[p] - current[i]
    for j in range(count):
        burden[j] = 1e-12
        for k in range(len(use)):
            burden[j] += weight[k] * max(0.0, use[k, j])
        for f in range(len(member)):
            if member[f, j] >= 0:
                burden[j] += weight[len(use) + member[f, j]] * amount[f, j]
        score[j] /= burden[j]
        if not is_open[j] and score[j] > 0.0:
            heap[size] = j
            size += 1
    for at in range(size // 2 - 1, -1, -1):
        _sift_down(heap, score, size, at)
    while size:
        j = heap[0]
        fresh = 0.0
        if swap_fits(use, room, used, j, none) and (
            not groups or groups_fit(len(use), member, amount, room, used, j, none)
        ):  # what does not fit now never will
            fresh = (_gain(col_start, col_pair, row, saving, current, j) - outlay[j]) / burden[j]
        if fresh == score[j] and fresh > 0.0:
            is_open[j] = True
            spend(use, member, amount, used, j, 1.0)
            for q in range(col_start[j], col_start[j + 1]):
                p = col_pair[q]
                current[row[p]] = max(current[row[p]], saving[p])
            fresh = 0.0
        score[j] = fresh
        if fresh <= 0.0:
            size -= 1
            heap[0] = heap[size]
        if size:
            _sift_down(heap, score, size, top)


@inner
def top_two(indptr, col, saving, is_open, i):  # type: ignore[no-untyped-def]
    """Best and second-best open pair of row i: (column or -1, saving, second saving)."""
    who, best = -1, 0.0
    for p in range(indptr[i], indptr[i + 1]):
        if is_open[col[p]]:
            if who >= 0:
                return who, best, saving[p]
            who, best = col[p], saving[p]
    return who, best, 0.0


@kernel
def all_top_two(indptr, col, saving, outlay, is_open, who, best, second, loss):  # type: ignore[no-untyped-def]
    """Fill who, best, second (n,) and loss (m,): what closing an open column would lose, outlay back."""
    for j in range(len(loss)):
        loss[j] = -outlay[j]
    for i in range(len(indptr) - 1):
        who[i], best[i], second[i] = top_two(indptr, col, saving, is_open, i)
        if who[i] >= 0:
            loss[who[i]] += best[i] - second[i]


@part
def _refresh(indptr, col, saving, is_open, row, col_start, col_pair, j, who, best, second, loss):  # type: ignore[no-untyped-def]
    """Recompute the rows of column j after it was opened or closed."""
    for q in range(col_start[j], col_start[j + 1]):
        i = np.int64(row[col_pair[q]])
        if who[i] >= 0:
            loss[who[i]] -= best[i] - second[i]
        who[i], best[i], second[i] = top_two(indptr, col, saving, is_open, i)
        if who[i] >= 0:
            loss[who[i]] += best[i] - second[i]


@part
def _lowest(open_cols, opens, loss):  # type: ignore[no-untyped-def]
    """The least that closing an open column loses."""
    least = np.inf
    for t in range(opens):
        least = min(least, loss[open_cols[t]])
    return least


@part
def _awaken(indptr, col, row, col_start, col_pair, j, asleep):  # type: ignore[no-untyped-def]
    """Swaps of the columns that share a row with j have to be looked at again."""
    many = 0
    for q in range(col_start[j], col_start[j + 1]):
        i = row[col_pair[q]]
        many += indptr[i + 1] - indptr[i]
    if many > 8 * len(asleep):  # almost all of them: not worth finding out which
        for c in range(len(asleep)):
            asleep[c] = False
        return
    for q in range(col_start[j], col_start[j + 1]):
        i = row[col_pair[q]]
        for p in range(indptr[i], indptr[i + 1]):
            asleep[col[p]] = False


@inner
def _flip(  # type: ignore[no-untyped-def]
    indptr, col, saving, row, col_start, col_pair, use, member, amount, j,
    is_open, used, who, best, second, loss, asleep,
):  # fmt: skip
    """Open or close one column, whatever it fits or costs."""
    is_open[j] = not is_open[j]
    spend(use, member, amount, used, j, 1.0 if is_open[j] else -1.0)
    _refresh(indptr, col, saving, is_open, row, col_start, col_pair, j, who, best, second, loss)
    _awaken(indptr, col, row, col_start, col_pair, j, asleep)


@kernel
def interchange(  # type: ignore[no-untyped-def]
    indptr, col, saving, outlay, row, col_start, col_pair, use, member, amount, room, order,
    is_open, used, who, best, second, loss, asleep, least,
):  # fmt: skip
    """One pass of swaps over the closed columns that are awake, each by its best partner.

    Columns that are not worth their outlay are closed first.

    With best and second-best saving per row (Whitaker 1983), a swap (open a, close b) changes the
    objective by gain(a) - loss(b) + extra(a, b), extra only where both touch a row (Resende &
    Werneck 2007). A column whose swaps all fail falls asleep until a row of it changes.

    Returns:
        The improvement made; ``is_open``, ``used``, ``asleep`` (m,) and the row states are changed
        in place.
    """
    improved = 0.0
    extra, touched = np.empty(len(is_open)), np.empty(len(is_open), np.int64)
    open_cols = np.empty(len(is_open), np.int64)
    opens, none, groups = np.int64(0), np.int64(-1), len(member)
    for b in order:
        if is_open[b] and outlay[b] > 0.0 and loss[b] < -least:
            improved -= loss[b]
            _flip(
                indptr, col, saving, row, col_start, col_pair, use, member, amount, b,
                is_open, used, who, best, second, loss, asleep,
            )  # fmt: skip
    for j in range(len(is_open)):
        extra[j] = 0.0
        if is_open[j]:
            open_cols[opens] = j
            opens += 1
    lowest, known = 0.0, False
    for a in order:
        if is_open[a] or asleep[a]:
            continue
        if not known:
            lowest, known = _lowest(open_cols, opens, loss), True
        gain, count = -outlay[a], 0
        for q in range(col_start[a], col_start[a + 1]):
            p = col_pair[q]
            i, s = row[p], saving[p]
            # Ties of the two best add nothing, and would be counted as touched again and again.
            shared = min(s, best[i]) - second[i]
            if shared > 0.0 and who[i] >= 0:
                b = who[i]
                if extra[b] == 0.0:
                    touched[count] = b
                    count += 1
                extra[b] += shared
            if s > best[i]:
                gain += s - best[i]
        partner, delta = none, least
        if (
            gain > least
            and swap_fits(use, room, used, a, none)
            and (not groups or groups_fit(len(use), member, amount, room, used, a, none))
        ):
            delta = gain
        else:
            for t in range(count):
                b = touched[t]
                change = gain - loss[b] + extra[b]
                if (
                    change > delta
                    and swap_fits(use, room, used, a, b)
                    and (not groups or groups_fit(len(use), member, amount, room, used, a, b))
                ):
                    partner, delta = b, change
            if gain - lowest > delta:
                for t in range(opens):
                    b = open_cols[t]
                    change = gain - loss[b]
                    if (
                        change > delta
                        and swap_fits(use, room, used, a, b)
                        and (not groups or groups_fit(len(use), member, amount, room, used, a, b))
                    ):
                        partner, delta = b, change
        for t in range(count):
            extra[touched[t]] = 0.0
        if delta <= least:
            asleep[a] = True
            continue
        improved += delta
        if partner >= 0:
            for t in range(opens):
                if open_cols[t] == partner:
                    open_cols[t] = a
                    break
            _flip(
                indptr, col, saving, row, col_start, col_pair, use, member, amount, partner,
                is_open, used, who, best, second, loss, asleep,
            )  # fmt: skip
        else:
            open_cols[opens] = a
            opens += 1
        _flip(
            indptr, col, saving, row, col_start, col_pair, use, member, amount, a,
            is_open, used, who, best, second, loss, asleep,
        )  # fmt: skip
        known = False
    return improved


@inner
def _copy(is_open, used, who, best, second, loss, to_open, to_used, to_who, to_best, to_second, to_loss):  # type: ignore[no-untyped-def]
    """Copy a plan and its state."""
    for k in range(len(used)):
        to_used[k] = used[k]
    for j in range(len(is_open)):
        to_open[j], to_loss[j] = is_open[j], loss[j]
    for i in range(len(who)):
        to_who[i], to_best[i], to_second[i] = who[i], best[i], second[i]


@inner
def _total(values):  # type: ignore[no-untyped-def]
    """The sum; numpy's own would be compiled beside."""
    total = 0.0
    for value in values:
        total += value
    return total


@inner
def _spent(outlay, is_open):  # type: ignore[no-untyped-def]
    """What is paid for the open columns."""
    total = 0.0
    for j in range(len(outlay)):
        if is_open[j]:
            total += outlay[j]
    return total


@part
def _cheapest(use, member, amount, room, used, is_open, loss, kept):  # type: ignore[no-untyped-def]
    """The open column, not one of ``kept``, that loses least among those in a limit that is broken."""
    found, least = np.int64(-1), np.inf
    for j in range(len(is_open)):
        if not is_open[j] or loss[j] >= least or kept[j]:
            continue
        broken = False
        for k in range(len(use)):
            broken |= use[k, j] > 0.0 and used[k] > room[k] + ROOM * abs(room[k])
        for f in range(len(member)):
            k = len(use) + member[f, j]
            broken |= k >= len(use) and amount[f, j] > 0.0 and used[k] > room[k] + ROOM * abs(room[k])
        if broken:
            found, least = np.int64(j), loss[j]
    return found


@kernel
def shake(  # type: ignore[no-untyped-def]
    indptr, col, saving, outlay, row, col_start, col_pair, use, member, amount, room, order,
    is_open, used, who, best, second, loss, least, pool, draws,
):  # fmt: skip
    """Open some neighbouring columns at random, close what then is too much, swap; keep what is no worse.

    An iterated local search: a swap looks only at columns near the disturbance. It starts at a
    column of ``pool``. The plan and its state are changed in place, and end in the best plan found.

    Args:
        draws: (trials, 2 + 2 x 3) random numbers in [0, 1): where a trial starts, how many columns it
            opens, and for every further one a row of the first and a column of that row.
    """
    columns, rows, limits = len(is_open), len(who), len(used)
    asleep, forced = np.empty(columns, np.bool_), np.empty(columns, np.bool_)
    begun_open, begun_used, begun_who = (
        np.empty(columns, np.bool_),
        np.empty(limits),
        np.empty(rows, np.int32),
    )
    begun_best, begun_second, begun_loss = np.empty(rows), np.empty(rows), np.empty(columns)
    for j in range(columns):
        asleep[j] = True
    worth = _total(best) - _spent(outlay, is_open)
    for trial in range(len(draws)):
        _copy(
            is_open, used, who, best, second, loss,
            begun_open, begun_used, begun_who, begun_best, begun_second, begun_loss,
        )  # fmt: skip
        for j in range(columns):
            forced[j] = False
        near = pool[int(draws[trial, 0] * len(pool))]
        for t in range(1 + int(draws[trial, 1] * 4)):
            new, size = near, col_start[near + 1] - col_start[near]
            if t and size > 0:
                # Others share a row with the first: neighbours on the map.
                i = row[col_pair[col_start[near] + int(draws[trial, 2 * t] * size)]]
                new = np.int64(col[indptr[i] + int(draws[trial, 2 * t + 1] * (indptr[i + 1] - indptr[i]))])
            if not is_open[new]:
                forced[new] = True
                _flip(
                    indptr, col, saving, row, col_start, col_pair, use, member, amount, new,
                    is_open, used, who, best, second, loss, asleep,
                )  # fmt: skip
        while True:
            old = _cheapest(use, member, amount, room, used, is_open, loss, forced)
            if old < 0:
                break
            _flip(
                indptr, col, saving, row, col_start, col_pair, use, member, amount, old,
                is_open, used, who, best, second, loss, asleep,
            )  # fmt: skip
        for _ in range(6):
            gained = interchange(
                indptr, col, saving, outlay, row, col_start, col_pair, use, member, amount, room, order,
                is_open, used, who, best, second, loss, asleep, least,
            )  # fmt: skip
            if gained <= 0.0:
                break
        fits = True
        for k in range(len(room)):
            fits = fits and used[k] <= room[k] + ROOM * abs(room[k])
        now = _total(best) - _spent(outlay, is_open)
        if fits and now >= worth:
            worth = now
            continue
        _copy(
            begun_open, begun_used, begun_who, begun_best, begun_second, begun_loss,
            is_open, used, who, best, second, loss,
        )  # fmt: skip
        for j in range(columns):
            asleep[j] = True
