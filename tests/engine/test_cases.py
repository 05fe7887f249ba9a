"""Expansion of a task into cells and cases."""

from __future__ import annotations

import pytest
from support.cases import TASK

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.options import RunOptions, limited
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import ModelName


def test_cases_go_through_the_samples_first(case):
    """All samples of the first epoch come before the second."""
    expanded = cases(case(epochs=2).cell)
    assert [(c.sample.id, c.epoch, c.params) for c in expanded] == [
        ("a", 1, "single-scripted"),
        ("b", 1, "single-scripted"),
        ("a", 2, "single-scripted#2"),
        ("b", 2, "single-scripted#2"),
    ]


@pytest.mark.parametrize(("option", "expected"), [(None, 3), (2, 2)])
def test_epochs_option_overrides_the_task_file(case, option, expected):
    """The task file's epochs apply if the option is not set."""
    assert case(more="epochs: 3\n", epochs=option).cell.epochs == expected


@pytest.mark.parametrize(("reducer", "k"), [("pass_at_3", 3), ("{pass_hat_k: {k: 4}}", 4)])
def test_a_reducer_needs_as_many_epochs_as_its_k(case, reducer, k):
    """A k beyond the epochs is refused before the run starts, whether task file or option names the epochs."""
    assert case(more=f"epochs: {k}\nreducer: {reducer}\n").cell.epochs == k
    assert case(more=f"reducer: {reducer}\n", epochs=k).cell.epochs == k
    with pytest.raises(UsageError, match=rf"needs {k} epochs per sample, this run has 2; raise epochs to {k}"):
        case(more=f"epochs: {k}\nreducer: {reducer}\n", epochs=2)


def test_a_limit_keeps_the_first_samples(case):
    """A limit keeps the first samples; a limit beyond the last sample keeps all."""
    task = case().cell.task
    assert [[s.id for s in limited(task, n).samples] for n in (None, 1, 9)] == [["a", "b"], ["a"], ["a", "b"]]


def test_judge_option_overrides_the_task_file(case):
    """The judge option replaces the task file's judge; without either, the candidate judges itself."""
    judge = ModelName(provider="scripted", model="typed")
    assert case().cell.judge is None
    assert case(more="judge: scripted:written\n").cell.judge == ModelName(provider="scripted", model="written")
    assert case(more="judge: scripted:written\n", judge=judge).cell.judge == judge


def test_the_same_strategy_twice_in_a_task_file_is_refused(case):
    """A task file whose strategies share a label is refused before the run starts."""
    with pytest.raises(UsageError, match="'debate' appears twice; keep one"):
        case(more="strategies: [debate, {debate: {n_agents: 3}}]\n")


def test_recorded_outputs_are_scored_by_single_only(tmp_path):
    """A recorded output is a final answer, so every strategy except `single` is a usage error."""
    (tmp_path / "t.yaml").write_text(TASK.replace("SCORER", "exact"))
    options = RunOptions(providers=(ModelName(provider="recorded"),), strategies=(parse_strategy("debate"),))
    with pytest.raises(UsageError, match="--strategy single"):
        cells(load_task(tmp_path / "t.yaml", tmp_path), options)
