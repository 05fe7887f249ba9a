"""When a cell may stop early, looked at after every record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.records import CONFIG, record

from pytest_hiddenlayer.results.cell_config import CellConfig
from pytest_hiddenlayer.results.regression.baseline import Baseline, BaselineSample
from pytest_hiddenlayer.results.regression.early_stopping import (
    StoppableCell,
    can_stop_early,
    savings_message,
    stoppable_cells,
)
from pytest_hiddenlayer.results.regression.references import BaselineLookup

N = 40
NAMES = tuple(f"s{at}" for at in range(N))
CELL = replace(CONFIG, total=N, selected=NAMES, epochs=4)


def before(score: float = 1.0, n: int = N, **changes: object) -> Baseline:
    """A baseline whose answers were all right, or all of another score."""
    sample = BaselineSample(
        score=score, outcome="correct", answer="o", hash="h", n_scored=4, epoch_scores=(score,) * 4
    )
    return replace(Baseline(name="before", scorer="exact/1", samples=dict.fromkeys(NAMES[:n], sample)), **changes)


def stoppable(config: CellConfig = CELL, old: Baseline | None = None, **settings: object) -> StoppableCell:
    """A cell without records."""
    return StoppableCell(config=config, baseline=old or before(), **{"family": 1, **settings})


def answer(
    cell: StoppableCell, epoch: int, score: float | None, names: tuple[str, ...] = NAMES, **changes: object
) -> None:
    """Add the records of one epoch."""
    for name in names:
        cell.add(record(name, score, epoch=epoch, **changes))


def test_a_clear_regression_is_decided_at_the_first_look() -> None:
    """All wrong after all right: regressed after one epoch, and the decision stays when more records arrive."""
    cell = stoppable()
    assert cell.decision() is None
    answer(cell, 1, 0.0, NAMES[:-1])
    assert cell.decision() is None, "one sample of the epoch is missing"
    answer(cell, 1, 0.0, NAMES[-1:])
    decided = cell.decision()
    assert decided is not None
    assert (decided.verdict, decided.look, decided.alpha_spent) == ("regressed", 1, 0.05 / 16)
    answer(cell, 2, 1.0)
    answer(cell, 3, 1.0)
    assert cell.decision() is decided


def test_the_first_epoch_counts_until_it_is_complete() -> None:
    """Epochs 2 to 4 without the first are no complete epoch."""
    cell = stoppable()
    for epoch in (2, 3, 4):
        answer(cell, epoch, 0.0)
    assert cell.decision() is None
    answer(cell, 1, 0.0)
    decided = cell.decision()
    assert decided is not None
    assert (decided.verdict, decided.look) == ("regressed", 1)


def test_alpha_is_divided_by_the_number_of_cells() -> None:
    """Of ten cells, each may spend a tenth."""
    cell = stoppable(family=10)
    answer(cell, 1, 0.0)
    decided = cell.decision()
    assert decided is not None
    assert decided.alpha_spent == pytest.approx(0.05 / 10 / 16)


def test_margin_and_smallest_effect_are_those_of_the_task() -> None:
    """A loss within the margin is no regression; equal answers are the same if a large effect is asked for."""
    half = tuple(NAMES[: N // 2])
    for margin, verdict in ((0.0, "regressed"), (0.7, None)):
        cell = stoppable(replace(CELL, margin=margin))
        for epoch in (1, 2):
            answer(cell, epoch, 0.0, half)
            answer(cell, epoch, 1.0, NAMES[N // 2 :])
        decided = cell.decision()
        assert (decided and decided.verdict) == verdict, margin
    for effect, verdict in ((0.5, "same"), (0.05, None)):
        cell = stoppable(replace(CELL, min_effect=effect))
        answer(cell, 1, 1.0)
        answer(cell, 2, 1.0)
        decided = cell.decision()
        assert (decided and decided.verdict) == verdict, effect


def test_groups_are_those_of_the_samples() -> None:
    """Forty wrong answers of two groups decide nothing that forty alone do."""
    for group, verdict in ((False, "regressed"), (True, None)):
        cell = stoppable()
        for at, name in enumerate(NAMES):
            cell.add(record(name, 0.0, epoch=1, group=f"g{at % 2}" if group else None))
        decided = cell.decision()
        assert (decided and decided.verdict) == verdict


@pytest.mark.parametrize(
    ("old", "changes"),
    [
        (before(n=37), {}),
        (
            before(samples=dict.fromkeys(NAMES, BaselineSample(score=1.0, outcome="correct", answer="o", hash="h"))),
            {},
        ),
        (before(), {"sample_hash": "another prompt"}),
    ],
    ids=["not in the baseline", "answers not stated", "another prompt"],
)
def test_too_few_comparable_samples_decide_nothing(old: Baseline, changes: dict[str, object]) -> None:
    """Below min_scored of comparable samples, no verdict is given however bad the answers are."""
    cell = stoppable(old=old)
    answer(cell, 1, 0.0, **changes)
    assert cell.decision() is None


def test_just_enough_comparable_samples_decide() -> None:
    """38 of 40 comparable samples are 95 %, which min_scored 0.95 asks for; with another prompt, match by id."""
    cell = stoppable(old=before(n=38))
    answer(cell, 1, 0.0)
    assert cell.decision() is not None
    cell = stoppable(match="id")
    answer(cell, 1, 0.0, sample_hash="another prompt")
    assert cell.decision() is not None


@pytest.mark.parametrize(("lost", "decided"), [(2, True), (3, False)])
def test_too_many_lost_answers_decide_nothing(lost: int, decided: bool) -> None:
    """38 of 40 scored answers are enough for min_scored 0.95, 37 are not; lost in a later epoch they count too."""
    cell = stoppable()
    answer(cell, 1, None, NAMES[:lost])
    answer(cell, 1, 0.0, NAMES[lost:])
    assert (cell.decision() is not None) is decided


def test_lost_answers_of_every_epoch_count() -> None:
    """No answer of the first epoch is lost, and a tenth of the second: together 95 % are scored, then fewer."""
    for lost, decided in ((4, True), (5, False)):
        cell = stoppable(replace(CELL, margin=0.9))
        answer(cell, 1, 1.0)
        assert cell.decision() is None
        answer(cell, 2, None, NAMES[:lost])
        answer(cell, 2, 1.0, NAMES[lost:])
        cell.config = replace(cell.config, min_effect=0.9)
        assert (cell.decision() is not None) is decided, lost


def test_a_second_record_of_an_answer_replaces_the_first() -> None:
    """An answer that was asked again counts once, with its last score."""
    cell = stoppable()
    answer(cell, 1, 1.0)
    answer(cell, 1, 0.0)
    decided = cell.decision()
    assert decided is not None
    assert decided.verdict == "regressed"


def test_which_cells_can_stop() -> None:
    """Cells with several epochs whose reducer is the mean, and a baseline of the same scorer or of an unknown one."""
    assert can_stop_early(CELL)
    assert can_stop_early(replace(CELL, epochs=2))
    assert not can_stop_early(replace(CELL, epochs=1))
    assert not can_stop_early(replace(CELL, reducer="pass_at_k"))
    found = {
        "exact": BaselineLookup(baseline=before()),
        "unknown": BaselineLookup(baseline=before(scorer=None)),
        "other": BaselineLookup(baseline=before(scorer="contains/1")),
        "none": BaselineLookup(baseline=None),
        "single": BaselineLookup(baseline=before()),
    }
    configs = [replace(CELL, task=name, epochs=1 if name == "single" else 4) for name in found]
    cells = stoppable_cells(configs, lambda config: found[config.task], "id")
    assert [key[0] for key in cells] == ["exact", "unknown"]
    assert {(cell.family, cell.match) for cell in cells.values()} == {(5, "id")}


def test_what_was_saved_is_said() -> None:
    """One of two cells stops after the first of four epochs; the other asks for all."""
    first, second = stoppable(), stoppable(replace(CELL, task="u"))
    answer(first, 1, 0.0)
    for epoch in range(1, 5):
        answer(second, epoch, 1.0)
    cells = {first.config.key: first, second.config.key: second}
    assert savings_message(cells, 200) == ("adaptive: 1 of 2 cells decided early, saved 120 of 320 answers (38%)")
    assert savings_message({}, 7) == (
        "adaptive: no cell has a baseline and more than one epoch under the reducer mean; nothing was saved"
    )


def test_a_decision_at_the_last_look_saves_nothing() -> None:
    """A verdict after the last planned epoch is not early."""
    cell = stoppable(replace(CELL, epochs=2, min_effect=0.09))
    answer(cell, 1, 1.0)
    assert cell.decision() is None
    answer(cell, 2, 1.0)
    decided = cell.decision()
    assert decided is not None
    assert (decided.verdict, decided.look) == ("same", 2)
    assert "0 of 1 cells decided early, saved 0 of 80 answers (0%)" in savings_message({cell.config.key: cell}, 80)
