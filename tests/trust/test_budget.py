"""The budget holds: whatever is run, killed, resumed or reported, no more is spent than it and what was in flight."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.folder import Folder
from support.killing_servers import counting_server, killed, prices, start, whole
from support.trust_scale import times

STRATEGIES: dict[str, Any] = {
    "single": "single",
    "self_consistency": {"self_consistency": {"n_samples": 5}},
    "debate": {"debate": {"n_agents": 3, "n_rounds": 2}},
    "manager_worker": "manager_worker",
    "tree_of_thoughts": "tree_of_thoughts",
    "self_refine": "self_refine",
}
WAYS = {
    "n0": ("-n", "0"),
    "n2": ("-n", "2"),
    "n8": ("-n", "8"),
    "run": ("run",),
    "shard": ("run", "--shard", "1/2"),
    "reruns": ("--reruns", "1"),
}
FEW = ["single-n0", "debate-n2", "self_consistency-run", "manager_worker-shard", "self_refine-reruns"]
ALL = [f"{strategy}-{way}" for strategy in STRATEGIES for way in WAYS]
JUDGED = {"scorers": ["keyword", {"llm_judge": {"criteria": "Is it polite?"}}]}
OF_A_CALL = Decimal("0.4")
"""More than any call here costs, in US dollars."""
LIMITS = ("--hl-max-tokens", "8", "--hl-judge", "openai:m")


def write(folder: Folder, strategy: str, n: int = 4) -> None:
    """A task with a judge, whose samples must pass and do not."""
    samples = [{"id": f"s{i}", "input": f"q{i}.", "target": "wrong", "must_pass": True} for i in range(n)]
    folder.task(samples=samples, strategies=[STRATEGIES[strategy]], **JUDGED)
    prices(folder)


def record_costs(run: Path) -> Decimal:
    """The sum of the costs of a run's records, in US dollars."""
    lines = (run / "records.jsonl").read_text(encoding="utf-8").splitlines()
    calls = [call["cost_usd"] for line in lines for call in json.loads(line)["transcript"]]
    return sum((Decimal(repr(cost)) for cost in calls), Decimal(0))


def shown_usd(lines: list[str]) -> Decimal:
    """The cost in the table of the terminal."""
    row = next(line for line in lines if line.startswith("sums "))
    return Decimal(re.findall(r"\$([\d.]+)", row)[0])


@pytest.mark.slow
@pytest.mark.parametrize("case", ALL if times(0, 1) else FEW)
def test_cost_and_budget_are_those_of_the_server(folder, case):
    """A run shows the cost of the tokens that the server reported, and keeps half of it as a budget."""
    strategy, way = case.split("-")
    write(folder, strategy)
    with counting_server() as (server, calls):
        printed = whole(folder, server, WAYS[way], *LIMITS)
        (run,) = folder.runs()
        assert record_costs(run) == calls.spent_usd > 0
        assert shown_usd(printed.outlines) == round(calls.spent_usd, 4)
        (cell,) = json.loads((run / "summary.json").read_text(encoding="utf-8"))
        assert cell["cost_usd"] == pytest.approx(float(calls.spent_usd))
        budget, calls.spent_usd = max(calls.spent_usd / 2, OF_A_CALL), Decimal(0)
        shards = 2 if way == "shard" else 1  # each of which gets its share
        printed = whole(folder, server, WAYS[way], *LIMITS, "--budget", f"{budget * shards}")
    assert 0 < calls.spent_usd <= budget
    assert any(f"budget: ${calls.spent_usd:.4f} of ${budget} spent" in line for line in printed.outlines)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["run", "n2"])
def test_a_resumed_run_counts_what_the_killed_one_spent(tmp_path, way):
    """Both parts together stay within the budget, and the resumed one says what the first one spent."""
    for kill_at in range(times(9, 2), 16, times(99, 1)):
        (tmp_path / str(kill_at)).mkdir()
        folder = Folder(tmp_path / str(kill_at))
        write(folder, "debate", n=3)
        budget = Decimal("0.7")
        with counting_server(kill_at) as (server, calls):
            more = (*LIMITS, "--budget", f"{budget}")
            calls.written = kill_at - 1  # they are on disk before the kill, also if another process writes them
            killed(folder, server, calls, WAYS[way], *more)
            before = calls.spent_usd
            printed = whole(folder, server, WAYS[way], *more, "--hl-resume", "last")
        lines = [line for line in printed.outlines if line.startswith("budget:")]
        assert calls.spent_usd <= budget + OF_A_CALL, kill_at
        assert re.search(r"\$[\d.]+ of \$0.7 spent \(\$[\d.]+ of it by the run that is resumed\)", lines[0]), kill_at
        of_it = Decimal(re.findall(r"\(\$([\d.]+) of it", lines[0])[0])
        assert before - OF_A_CALL <= of_it <= before


@pytest.mark.slow
def test_two_runs_at_once_each_keep_their_budget(folder):
    """Two runs in one project do not share a budget, and neither spends more than its own."""
    write(folder, "self_consistency")
    with counting_server() as (server, calls):
        both = [start(folder, server, ("run",), *LIMITS, "--budget", "0.2") for _ in range(2)]
        for process in both:
            process.wait(120)
    spent = [record_costs(run) for run in folder.runs()]
    assert len(spent) == 2
    assert max(spent) <= Decimal("0.2")
    assert sum(spent) == calls.spent_usd > 0


@pytest.mark.slow
def test_a_skipped_answer_goes_on_with_more_budget(folder):
    """A debate that the budget ended is not asked again from its start: a larger budget pays for the rest only."""
    folder.task(n=1, strategies=[{"debate": {"n_agents": 3, "n_rounds": 3}}], scorers=["keyword"])
    prices(folder)
    with counting_server() as (server, calls):
        whole(folder, server, ("run",), "--hl-max-tokens", "8", "--budget", "0.1")
        spent = calls.spent_usd
        printed = whole(folder, server, ("run",), "--hl-max-tokens", "8", "--budget", "9", "--hl-resume", "last")
    assert 0 < spent <= Decimal("0.1")
    assert set(calls.answered.values()) == {1}
    expected = f"budget: ${calls.spent_usd:.4f} of $9 spent (${spent:.4f} of it by the run that is resumed)"
    assert expected in printed.outlines
    last = max(folder.runs(), key=lambda run: run.stat().st_mtime_ns)
    assert record_costs(last) == calls.spent_usd
    assert not (last / "calls").exists()


OWN = """
from pytest_hiddenlayer import Completion, Usage, provider

@provider("own")
class Own:
    model = "m"

    def __init__(self, model=None):
        pass

    async def complete(self, request):
        with open("asked.txt", "a") as file:
            file.write("x")
        usage = Usage(input_tokens=1, output_tokens=1, calls=1)
        return Completion(text="a", finish_reason="stop", usage=usage, latency_s=0.5, model="m", cost_usd=0.25)
"""


def test_a_provider_that_says_its_own_cost_keeps_the_budget(folder):
    """A provider without a price list, whose answers say what they cost, is not asked when the budget is spent."""
    folder.task(n=12)
    folder.write("conftest.py", OWN)
    printed = folder.command("run", "--provider", "own", "--budget", "1", "--concurrency", "2")
    assert len((folder.path / "asked.txt").read_text()) == 4
    assert "budget: $1.0000 of $1 spent, 8 calls not made" in printed.outlines


@pytest.mark.slow
def test_workers_share_the_budget_for_a_provider_that_only_they_know(folder):
    """A judge that a conftest.py below the named folder registers is opened by each worker, within one budget."""
    folder.write("evals/deep/conftest.py", OWN)
    samples = [{"id": f"s{i}", "input": f"q{i}.", "target": "a"} for i in range(12)]
    task = {"task": "deep", "samples": samples, "judge": "own", "scorers": [{"llm_judge": {"criteria": "Good?"}}]}
    folder.write("evals/deep/deep.json", task)
    folder.replies()
    folder.run("-n", "2", "--budget", "1", "--hl-concurrency", "1", "--hl-allow-task-models")
    asked = len((folder.path / "asked.txt").read_text())
    assert 4 <= asked <= 5  # each worker learns the cost from its first call
