"""Which gates of a run are judged, and what is said about the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.records import CONFIG

from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.results.cell_config import CellConfig
from pytest_hiddenlayer.session.gating import gating_lines, is_partial, kept_lines, with_deselected_gate
from pytest_hiddenlayer.session.policy import policy_of


def cell(selected: int = 4, total: int = 4, **settings: object) -> CellConfig:
    """A cell of so many samples, some of them selected."""
    names = tuple(f"s{at}" for at in range(selected))
    return replace(CONFIG, total=total, selected=names, **settings)


@pytest.mark.parametrize(
    ("config", "partial"),
    [
        (cell(), False),
        (cell(3), True),
        (cell(4, epochs=2), False),
        (cell(4, epochs=2, answers=7), True),
        (cell(4, epochs=2, answers=8), False),
        (cell(2, epochs=2), True),
    ],
)
def test_a_cell_is_partial_if_any_answer_was_not_selected(config: CellConfig, partial: bool) -> None:
    """Answers count, not samples: one epoch of a sample is enough."""
    assert is_partial(config) is partial


@pytest.mark.parametrize(
    ("config", "gate_id", "gate", "chosen", "expected"),
    [
        (cell(), "g", "regression", False, ("g", False)),
        (cell(), "g", "regression", True, (None, True)),
        (cell(3), "g", "regression", False, (None, True)),
        (cell(3), "g", "require", False, ("g", False)),
        (cell(3), "g", "require", True, ("g", False)),
        (cell(), "g", "off", False, (None, False)),
        (cell(), "g", "off", True, (None, False)),
        (cell(), None, "require", True, (None, False)),
        (cell(gate_id="own"), "g", "require", True, ("own", False)),
        (cell(3, gate_id="own"), "g", "regression", True, ("own", False)),
    ],
)
def test_a_gate_that_was_not_selected(
    config: CellConfig, gate_id: str | None, gate: str, chosen: bool, expected: tuple[str | None, bool]
) -> None:
    """It is judged if all of its samples were, unless the user chose items; `require` judges every cell."""
    found = with_deselected_gate(config, gate_id, RunOptions(gate=gate), chosen_by_user=chosen)
    assert (found.gate_id, found.gate_deselected) == expected


def test_the_lines_name_cells_that_are_not_judged_or_in_part() -> None:
    """One sentence for each kind, with the answers that were selected; none for cells that are judged whole."""
    cells = [
        cell(task="whole", gate_id="g"),
        cell(0, task="empty", gate_id="g"),
        cell(3, task="part", gate_id="g"),
        cell(2, 4, task="epochs", epochs=2, gate_id="g"),
        cell(3, task="ungated", gate_deselected=True),
        cell(3, task="off"),
        cell(0, task="nothing"),
    ]
    assert list(gating_lines(cells)) == [
        "not judged, no sample was selected: empty[single-scripted]",
        "judged in part, not all samples were selected: part[single-scripted] (3 of 4 answers), "
        "epochs[single-scripted] (4 of 8 answers)",
        "not judged, the gate was not selected: ungated[single-scripted] (3 of 4 answers)",
    ]
    assert list(gating_lines(cells[:1])) == []


def test_the_lines_that_a_snapshot_kept_are_counted() -> None:
    """At most five samples are named."""
    kept = {"t[single]": ["a"], "u[single]": [f"s{at}" for at in range(7)]}
    assert list(kept_lines(kept)) == [
        "snapshot of t[single]: kept 1 line of lost answers: a",
        "snapshot of u[single]: kept 7 lines of lost answers: s0, s1, s2, s3, s4 and 2 more",
    ]


def test_the_policy_is_that_of_the_options() -> None:
    """Mode, pairing, what too little is, and whether snapshots are written."""
    policy = policy_of(RunOptions(gate="require", gate_underpowered="fail", match="id"), update=True)
    assert (policy.mode, policy.fail_underpowered, policy.match, policy.update) == ("require", True, "id", True)
    policy = policy_of(RunOptions())
    assert (policy.mode, policy.fail_underpowered, policy.match, policy.update) == (
        "regression",
        False,
        "hash",
        False,
    )
