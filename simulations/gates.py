"""Error rates and power of the gates' verdicts, end to end: from the answers of both sides to the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pytest_hiddenlayer.results.regression.cell_comparison import CellComparison, assign_verdicts, compare_cell
from pytest_hiddenlayer.results.regression.pairing import match_samples
from pytest_hiddenlayer.stats.sequential.group_sequential import decide

from .answers import Chances, Design, beta, constant, names_of, new_side, old_side, scored, sizes_of
from .check import Check, Draw

ALPHA = 0.05
ONE_ANSWER = Design()
Cell = Callable[[np.random.Generator], CellComparison]


def checks() -> Iterator[Check]:
    """All checks of verdicts."""
    yield from _null()
    yield from _families()
    yield from _boundary()
    yield from _power()
    yield from _adaptive()


def verdict(draw: Callable[[np.random.Generator], list[CellComparison]], *words: str) -> Draw:
    """Whether any cell of a session has one of these verdicts."""
    return lambda random: any(cell.verdict in words for cell in assign_verdicts(draw(random)))


def compared(
    old: list[list[float | None]],
    new: list[list[float | None]],
    groups: list[str] | None = None,
    *,
    margin: float = 0.0,
) -> CellComparison:
    """The comparison of one cell."""
    pairing = match_samples(old_side(old, groups), new_side(new, groups))
    found = compare_cell("baseline", pairing, margin=margin, min_effect=0.05)
    assert found is not None
    return found


def rerun(n: int, chances: Chances, old: Design = ONE_ANSWER, new: Design = ONE_ANSWER) -> Cell:
    """A cell in which nothing changed: both sides answer with the same chances."""

    def draw(random: np.random.Generator) -> CellComparison:
        drawn = chances(random, n)
        return compared(old.draw(random, drawn), new.draw(random, drawn))

    return draw


def grouped(n_groups: int, smallest: int, largest: int, grades: int = 1) -> Cell:
    """Groups whose samples either side may know or not: exchangeable sides, strongly dependent answers."""

    def draw(random: np.random.Generator) -> CellComparison:
        sizes = sizes_of(random, n_groups, smallest, largest)
        design = Design(grades=grades)
        old, new = (design.draw(random, random.beta(1.2, 0.8, size=n_groups).repeat(sizes)) for _ in range(2))
        return compared(old, new, names_of(sizes))

    return draw


def _null() -> Iterator[Check]:
    five, partial = Design(epochs=5), Design(epochs=5, grades=4)
    cells: list[tuple[str, Cell, int]] = [
        ("right/wrong, n=20, p=.95", rerun(20, constant(0.95)), 1000),
        ("right/wrong, n=200, p=.7", rerun(200, constant(0.7)), 1000),
        ("right/wrong, n=100, p=.02", rerun(100, constant(0.02)), 1000),
        ("graded with ties, n=60", rerun(60, beta(4, 2), Design(grades=4), Design(grades=4)), 1000),
        ("graded near 1, n=30", rerun(30, beta(20, 1), Design(grades=10), Design(grades=10)), 1000),
        ("3 groups of 1 to 50", grouped(3, 1, 50), 1000),
        ("20 groups of 1 to 50", grouped(20, 1, 50), 600),
        ("graded, 10 groups of 1 to 50", grouped(10, 1, 50, 4), 600),
        ("right/wrong, epochs 5 and 5", rerun(40, beta(9, 1), five, five), 600),
        ("right/wrong, epochs 1 and 5", rerun(40, beta(9, 1), ONE_ANSWER, five), 1000),
        ("partial, epochs 1 and 5", rerun(30, beta(8, 1), Design(grades=4), partial), 1000),
        ("partial, epochs 3 and 5", rerun(30, beta(8, 1), Design(epochs=3, grades=4), partial), 600),
        ("right/wrong, 30 % of epochs lost on both sides", rerun(40, beta(9, 1), _lost(0.3), _lost(0.3)), 600),
        ("right/wrong, half of the new epochs lost", rerun(40, beta(9, 1), five, _lost(0.5)), 600),
        ("partial, half of the new epochs lost", rerun(30, beta(8, 1), partial, _lost(0.5, 4)), 600),
    ]
    for case, cell, runs in cells:
        for word in ("regressed", "improved"):
            draw = verdict(_alone(cell), word)
            yield Check(section="nothing changed", case=case, event=word, draw=draw, high=ALPHA, runs=runs)


def _lost(share: float, grades: int = 1) -> Design:
    return Design(epochs=5, grades=grades, lost=share)


def _alone(cell: Cell) -> Callable[[np.random.Generator], list[CellComparison]]:
    return lambda random: [cell(random)]


def _families() -> Iterator[Check]:
    for n_cells in (5, 30):
        for correlation in (0.0, 0.9):
            session = _session(n_cells, correlation)
            case = f"{n_cells} cells of 60, correlation {correlation:g}"
            for word in ("regressed", "improved"):
                draw = verdict(session, word)
                yield Check(
                    section="nothing changed", case=case, event=f"any {word}", draw=draw, high=ALPHA, runs=500
                )
            draw = verdict(session, "regressed", "improved")
            yield Check(
                section="nothing changed", case=case, event="any of the two", draw=draw, high=2 * ALPHA, runs=500
            )


def _session(n_cells: int, correlation: float) -> Callable[[np.random.Generator], list[CellComparison]]:
    """Cells in which nothing changed; answers are shared between cells with this chance."""

    def draw(random: np.random.Generator) -> list[CellComparison]:
        common = random.random((2, 60))
        cells = []
        for _ in range(n_cells):
            own = random.random((2, 60))
            drawn = np.where(random.random(60) < correlation, common, own)
            old, new = ([[float(value < 0.7)] for value in side] for side in drawn)
            cells.append(compared(old, new))
        return cells

    return draw


def changed(n: int, wrong: float, right: float = 0.0, margin: float = 0.0) -> Cell:
    """Right/wrong pairs of which these shares become wrong and right."""

    def draw(random: np.random.Generator) -> CellComparison:
        b, c, same = random.multinomial(n, [wrong, right, 1 - wrong - right])
        old: list[list[float | None]] = [[1.0]] * b + [[0.0]] * c + [[1.0]] * same
        new: list[list[float | None]] = [[0.0]] * b + [[1.0]] * c + [[1.0]] * same
        return compared(old, new, margin=margin)

    return draw


def changed_groups(n_groups: int, wrong: float, right: float = 0.0) -> Cell:
    """Groups of 1 to 15, of which these shares become wrong and right as a whole."""

    def draw(random: np.random.Generator) -> CellComparison:
        sizes = sizes_of(random, n_groups, 1, 15)
        change = random.choice([-1, 1, 0], p=[wrong, right, 1 - wrong - right], size=n_groups).repeat(sizes)
        old: list[list[float | None]] = [[float(value <= 0)] for value in change]
        new: list[list[float | None]] = [[float(value >= 0)] for value in change]
        return compared(old, new, names_of(sizes))

    return draw


def _boundary() -> Iterator[Check]:
    for n in (38, 59, 80, 200, 400):
        for right in (0.0, 0.1):
            draw = verdict(_alone(changed(n, 0.05 + right, right)), "same")
            case = f"−5 points, n={n}, {right:g} newly right"
            yield Check(section="a change of min_effect", case=case, event="same", draw=draw, high=ALPHA)
    for n_groups in (60, 120):
        draw = verdict(_alone(changed_groups(n_groups, 0.05)), "same")
        case = f"−5 points, {n_groups} groups of 1 to 15 that change as a whole"
        yield Check(section="a change of min_effect", case=case, event="same", draw=draw, high=ALPHA, runs=600)
    for n in (60, 200):
        for right in (0.02, 0.1):
            draw = verdict(_alone(changed(n, 0.05 + right, right, margin=0.05)), "regressed")
            case = f"−5 points at a margin of 5, n={n}, {right:g} newly right"
            yield Check(section="a loss of the margin", case=case, event="regressed", draw=draw, high=ALPHA)


def _power() -> Iterator[Check]:
    for n_cells in (1, 10, 30):
        for margin in (0.0, 0.05):
            for n in (100, 500):
                case = f"a loss of the MDE, n={n}, {n_cells} cells, margin {margin:g}"
                draw = _detected(n, n_cells, margin)
                yield Check(section="power", case=case, event="regressed", draw=draw, low=0.75, runs=400)
    draw = _detected(200, 1, 0.0, n_groups=40)
    case = "a loss of the MDE by whole groups, 40 groups of 5"
    yield Check(section="power", case=case, event="regressed", draw=draw, low=0.75, runs=400)


def _detected(n: int, n_cells: int, margin: float, n_groups: int | None = None) -> Draw:
    """Whether one changed cell of a session, with the loss that another run calls its MDE, regresses."""

    def draw(random: np.random.Generator) -> bool | None:
        groups = None if n_groups is None else [str(index % n_groups) for index in range(n)]
        old, same = _noisy_pair(random, n)
        reference = compared(old, same, groups, margin=margin)
        others = [compared([[1.0]] * 20, [[1.0]] * 20) for _ in range(n_cells - 1)]
        effect = assign_verdicts([reference, *others])[0].smallest_effect
        if effect is None:
            return None
        old, new = _noisy_pair(random, n)
        share = effect * n / max(1, sum(row[0] or 0 for row in new))
        hit = random.random(n if n_groups is None else n_groups) < share
        lowered: list[list[float | None]] = [[0.0] if hit[index % len(hit)] else row for index, row in enumerate(new)]
        cell = compared(old, lowered, groups, margin=margin)
        return assign_verdicts([cell, *others])[0].verdict == "regressed"

    return draw


def _noisy_pair(random: np.random.Generator, n: int) -> tuple[list[list[float | None]], list[list[float | None]]]:
    """Two sides that are right in 80 %; the new side draws 15 % of its answers again."""
    old = random.random(n) < 0.8
    new = np.where(random.random(n) < 0.85, old, random.random(n) < 0.8)
    return [[float(value)] for value in old], [[float(value)] for value in new]


def _adaptive() -> Iterator[Check]:
    one, partial = ONE_ANSWER, Design(grades=4)
    cases: list[tuple[str, int, Chances, Design, Design, int, int]] = [
        ("right/wrong, 5 looks", 40, beta(9, 1), one, Design(epochs=5), 5, 400),
        ("partial, 5 looks", 30, beta(8, 1), partial, Design(epochs=5, grades=4), 5, 400),
        ("partial, half of the epochs lost, 5 looks", 30, beta(8, 1), partial, _lost(0.5, 4), 5, 400),
        ("partial, 20 looks", 30, beta(8, 1), partial, Design(epochs=20, grades=4), 20, 200),
    ]
    for case, n, chances, old, new, looks, runs in cases:
        for word in ("regressed", "improved"):
            draw = _decided(n, chances, old, new, looks, word)
            yield Check(section="adaptive, nothing changed", case=case, event=word, draw=draw, high=ALPHA, runs=runs)


def _decided(n: int, chances: Chances, old: Design, new: Design, looks: int, word: str) -> Draw:
    def draw(random: np.random.Generator) -> bool | None:
        drawn = chances(random, n)
        before, now = old.draw(random, drawn), new.draw(random, drawn)
        found = decide([scored(row) for row in before], now, planned=looks)
        return found is not None and found.verdict == word

    return draw
