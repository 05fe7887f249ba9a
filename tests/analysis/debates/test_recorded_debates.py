"""Recorded debates of DyLAN on MMLU: which rules can have made their verdicts. The right letters are not in them."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator

import pytest
from support.debates import SILENT, UNREADABLE, debate
from support.published_data import FOLDER, needs_data

from pytest_hiddenlayer.analysis.debates.analysis import CellDebates, analyse_debates
from pytest_hiddenlayer.scorers.multiple_choice.answers import named_letters
from pytest_hiddenlayer.types import Record

pytestmark = needs_data("dylan_mmlu_4")
SUBJECTS = (
    "astronomy",
    "college_mathematics",
    "high_school_chemistry",
    "high_school_world_history",
    "moral_scenarios",
)
MORAL = dict(
    zip("ABCD", ["Wrong, Wrong", "Wrong, Not wrong", "Not wrong, Wrong", "Not wrong, Not wrong"], strict=True)
)
"""The options of every question of moral_scenarios; those of the other subjects are not known."""


@pytest.fixture(scope="module")
def cells() -> dict[str, CellDebates]:
    """The analysis of each subject."""
    records = [record for subject in SUBJECTS for record in recorded(subject)]
    return {cell.key[0]: cell for cell in analyse_debates(records)}


def recorded(subject: str) -> Iterator[Record]:
    """The debates of a subject, as records without a target."""
    (path,) = (FOLDER / "dylan_mmlu_4").glob(f"{subject}_test*.json")
    verdicts = ast.literal_eval(path.with_suffix(".txt").read_text().splitlines()[0].rpartition(" ")[0])
    options = MORAL if subject == "moral_scenarios" else {}
    for at, (line, verdict) in enumerate(zip(path.read_text().splitlines(), verdicts, strict=True)):
        rounds = [texts for texts in zip(*json.loads(line), strict=True) if any(text is not None for text in texts)]
        letters = ["".join(letter(text, options) for text in texts) for texts in rounds]
        yield debate(
            f"{subject}-{at}", *letters, gold=None, texts=rounds, choices="ABCD", recorded_verdict=verdict,
            changes={"task": subject},
        )  # fmt: skip


def letter(text: str | None, options: dict[str, str]) -> str:
    """The letter that a text gives as its answer."""
    if text is None:
        return SILENT
    found = [name for name in named_letters(text, options) if name in "ABCD"]
    return found[0] if len(found) == 1 else UNREADABLE


def test_rounds_are_as_stated(cells):
    """The questions that go on after one and two rounds are as many as the source states."""
    debating = {subject: [r.debating for r in cell.rounds] for subject, cell in cells.items()}
    assert debating == {
        "astronomy": [30, 5, 1],
        "college_mathematics": [20, 14, 7],
        "high_school_chemistry": [41, 16, 3],
        "high_school_world_history": [47, 1],
        "moral_scenarios": [79, 39, 16],
    }


def contradicted(cells, rule: str) -> dict[str, int]:
    """Subject → questions on which no answer fits the verdict under the rule."""
    return {s: next(v for v in cell.verdicts if v.rule == rule).contradicted for s, cell in cells.items()}


def test_the_majority_fits_every_verdict(cells):
    """On none of 217 questions is a verdict impossible under the most frequent answer of the last round."""
    assert sum(cell.debates for cell in cells.values()) == 217
    assert sum(contradicted(cells, "majority").values()) == 0


def test_other_rules_are_impossible_on_some_questions(cells):
    """Not all agents had to be right, and unreadable answers did not win as right ones."""
    assert min(contradicted(cells, "all agents right").values()) > 0
    assert sum(contradicted(cells, "unreadable votes, right if it wins").values()) >= 3


def test_accuracy_by_round_is_unknown_without_the_right_letters(cells):
    """Agreement, changes and persuasion are known; right and wrong are not, and nothing is invented."""
    for cell in cells.values():
        assert not cell.scored
        assert cell.rounds[0].carried["agents"].mean is None
        assert cell.rounds[0].agreement.mean > 0
        assert (cell.drift, cell.rules) == ((), ())


def test_the_verdicts_bound_the_accuracy_by_round(cells):
    """The stated share of right verdicts lies within the bounds of the last majority, and astronomy's agents rose."""
    stated = {"astronomy": 22 / 30, "high_school_world_history": 44 / 47, "moral_scenarios": 35 / 79}
    for subject, share in stated.items():
        *_, last, _ = cells[subject].bounds
        assert last.majority[0] - 1e-9 <= share <= last.majority[1] + 1e-9
    assert cells["astronomy"].bounds[-1].agents[0] > 0.04  # whatever the right letters are
    assert cells["moral_scenarios"].bounds[-1].majority[0] < 0 < cells["moral_scenarios"].bounds[-1].majority[1]
