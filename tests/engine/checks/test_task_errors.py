"""Errors in a task file that are found after loading have its file, line and field."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest

from pytest_hiddenlayer import Answer, Range, strategy
from pytest_hiddenlayer.engine.cases import cells
from pytest_hiddenlayer.errors import TaskError, UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import ModelName

RECORDED = RunOptions(providers=(ModelName(provider="recorded"),))


def fault(folder: Path, rest: str, options: RunOptions = RECORDED) -> str:
    """The error of a task whose lines from the third on are `rest`."""
    (folder / "t.yaml").write_text(f"task: t\nsamples: [{{id: a, input: q, target: '1'}}]\n{rest}\n")
    with pytest.raises(TaskError) as caught:
        cells(load_task(folder / "t.yaml", folder), options)
    return str(caught.value)


EXACT = "scorers: [exact]\nstrategies:\n"


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (
            f"{EXACT}- single\n- debate:\n    n_rounds: 2\n    n_agents: -1",
            "t.yaml:8: strategies[1].debate.n_agents: strategy 'debate': n_agents must be from 2 to 1000, got -1",
        ),
        (
            f"{EXACT}- self_consistency: {{n_samples: 3.0}}",
            "t.yaml:5: strategies[0].self_consistency.n_samples: strategy 'self_consistency': "
            "n_samples must be a whole number, got 3.0; write 3",
        ),
        (
            f"{EXACT}- self_consistency: {{n_samples: 100000000000}}",
            "t.yaml:5: strategies[0].self_consistency.n_samples: strategy 'self_consistency': "
            "n_samples must be from 1 to 10000, got 100000000000",
        ),
        (
            f"{EXACT}- debate: {{n_agent: 3}}",
            "t.yaml:5: strategies[0].debate.n_agent: strategy 'debate': no parameter 'n_agent', "
            "did you mean 'n_agents'? "
            "(it has: n_agents, n_rounds, aggregation, early_stop, share, temperature, agents, topology, history, "
            "summarize, agreement)",
        ),
        (
            f"{EXACT}- debate: {{temperature: -0.5}}",
            "t.yaml:5: strategies[0].debate.temperature: strategy 'debate': temperature must be at least 0, got -0.5",
        ),
        (
            f"{EXACT}- manager_worker: {{manager: mlx+ollama}}",
            "t.yaml:5: strategies[0].manager_worker.manager: strategy 'manager_worker': "
            "manager must name one model, got 'mlx+ollama'",
        ),
        (
            "scorers:\n- exact\n- numeric: {abs_tol: '0.1'}",
            "t.yaml:5: scorers[1].numeric.abs_tol: scorer 'numeric': "
            "abs_tol must be a number, got '0.1'; write 0.1 without quotes",
        ),
        (
            "scorers:\n- exact\n- numeric: {rel_tol: -1}",
            "t.yaml:5: scorers[1]: scorer 'numeric': rel_tol must be a number from 0 up, got -1.0",
        ),
        (
            "scorers:\n- exact\n- llm_judge: {criteria: c}",
            "t.yaml:5: scorers[1]: scorer 'llm_judge' asks a judge, but provider 'recorded' holds final answers and "
            "cannot judge: name a model with --judge, or `judge:` in the task file",
        ),
    ],
)
def test_wrong_parameter_has_its_line(tmp_path: Path, rest: str, message: str) -> None:
    """A parameter that is unknown, of the wrong type or out of range is an error at its line, with what to write."""
    assert fault(tmp_path, rest) == message


@pytest.mark.parametrize(
    ("rest", "start"),
    [
        (
            "scorers: [exact]\njudge: anthropc:x",
            "t.yaml:4: judge: judge names anthropc:x: unknown provider 'anthropc'",
        ),
        (
            "scorers: [{llm_judge: {criteria: c, model: olama:x}}]",
            "t.yaml:3: scorers[0]: scorer 'llm_judge': unknown provider 'olama'",
        ),
        (
            f"{EXACT}- debate: {{agents: opnai:x}}",
            "t.yaml: strategy 'debate' names opnai:x: unknown provider 'opnai'",
        ),
    ],
)
def test_unknown_provider_of_a_task_file_is_refused(tmp_path: Path, rest: str, start: str) -> None:
    """A judge or model of a provider that does not exist is an error before anything is asked."""
    message = fault(tmp_path, rest, RunOptions(providers=(ModelName(provider="scripted"),)))
    assert message.startswith(f"{start}, did you mean ")


def test_range_of_a_users_strategy_is_checked(tmp_path: Path) -> None:
    """A user's strategy states the range of a parameter in its annotation, for task files and for the command."""

    @strategy("test_task_errors_pairs")
    async def pairs(
        context, *, share: Annotated[float, Range(0, 1)] = 0.5, n: Annotated[int | None, Range(1)] = None
    ):
        return Answer(output="")

    message = "strategy 'test_task_errors_pairs': share must be from 0 to 1, got 1.5"
    assert message in fault(tmp_path, f"{EXACT}- test_task_errors_pairs: {{share: 1.5}}")
    options = RunOptions(providers=RECORDED.providers, strategies=(parse_strategy("test_task_errors_pairs:n=0"),))
    (tmp_path / "t.yaml").write_text("task: t\nsamples: [{id: a, input: q, target: '1'}]\nscorers: [exact]\n")
    with pytest.raises(UsageError, match="n must be at least 1, got 0"):
        cells(load_task(tmp_path / "t.yaml", tmp_path), options)


def test_task_with_too_many_answers_is_refused(tmp_path: Path) -> None:
    """Epochs and samples are bounded together, before a session holds a case for each."""
    samples = "".join('{"input": "q", "target": "x"}\n' for _ in range(200))
    (tmp_path / "rows.jsonl").write_text(samples)
    (tmp_path / "t.yaml").write_text("task: t\nsamples: rows.jsonl\nscorers: [exact]\nepochs: 6000\n")
    with pytest.raises(TaskError, match=r"t\.yaml:4: epochs: the task asks for 1,200,000 answers .* is 1,000,000"):
        cells(load_task(tmp_path / "t.yaml", tmp_path), RECORDED)
