"""The main job on the real bundled model: `pytest evals -k debate --provider mlx`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.requirements import NEEDS_MLX

from pytest_hiddenlayer.models import BUNDLED

mlx = pytest.importorskip("mlx.core", reason=NEEDS_MLX)

EVALS = Path(__file__).parents[2] / "evals"


def run_evals(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], list[dict[str, Any]]]:
    """Run pytest on a copy of our evals; the process and its records by item order of sample and strategy."""
    if not (folder / "evals").exists():
        shutil.copytree(EVALS, folder / "evals")
        (folder / "pytest.ini").write_text("[pytest]\n")
    before = set((folder / "reports" / "runs").glob("*"))
    command = [sys.executable, "-m", "pytest", "evals", "--provider", "mlx", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=400)
    (run,) = set((folder / "reports" / "runs").glob("*")) - before
    records = [json.loads(line) for line in (run / "records.jsonl").read_text().splitlines()]
    return done, sorted(records, key=lambda r: (r["task"], r["sample_id"], r["label"]))


def hold_a_debate(record: dict[str, Any]) -> None:
    """A record of a real debate: agents, rounds, a verdict, tokens, outputs that differ."""
    calls = record["transcript"]
    agents = {call["role"] for call in calls if call["role"].startswith("agent-")}
    assert len(agents) >= 2
    assert len({call["round"] for call in calls if call["role"] in agents}) >= 2
    assert calls[-1]["role"] == "judge"
    assert record["output"] == calls[-1]["completion"]
    assert all(call["usage"]["input_tokens"] > 0 and call["usage"]["output_tokens"] > 0 for call in calls)


@pytest.fixture(scope="module")
def debates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[dict[str, Any]]]:
    """One run of the debates on products, alone in its process."""
    folder = tmp_path_factory.mktemp("main")
    done, records = run_evals(folder, "-k", "debate and products")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder, done.stdout, records


def test_every_item_is_a_debate(debates):
    """Every record holds agents, two rounds, a verdict and token counts."""
    _, _, records = debates
    assert len(records) == 16
    for record in records:
        hold_a_debate(record)


def test_agents_differ(debates):
    """Agents have seeds of their own, and where a task is too hard what they say differs."""
    folder, *_ = debates
    _, records = run_evals(folder, "-k", "long_sums", "--strategy", "debate:n_rounds=1")
    first = [[c for c in r["transcript"] if c["round"] == 0] for r in records]
    assert all(len({call["seed"] for call in calls}) == 3 for calls in first)
    assert any(len({call["completion"] for call in calls}) > 1 for calls in first)


def test_table_shows_what_was_scored(debates):
    """The terminal's table names task, strategy, model and n scored of n."""
    _, printed, _ = debates
    row = next(line for line in printed.splitlines() if line.startswith("products"))
    assert row.split()[:4] == ["products", "debate*", f"mlx:{BUNDLED}", "16/16"]


def test_same_seed_same_run_over_workers(debates):
    """Two workers, with other batches, say the same as one process."""
    folder, _, before = debates
    _, after = run_evals(folder, "-k", "debate and products", "-n", "2")
    assert [r["output"] for r in after] == [r["output"] for r in before]
    assert [r["key"] for r in after] == [r["key"] for r in before]


def test_another_seed_is_another_run(debates):
    """--hl-seed changes what the agents say."""
    folder, _, before = debates
    _, after = run_evals(folder, "-k", "debate and products", "--hl-seed", "1")
    said = [[[c["completion"] for c in r["transcript"]] for r in run] for run in (before, after)]
    assert said[0] != said[1]


@pytest.mark.slow
def test_the_whole_main_job(tmp_path):
    """At least 60 debates, one record an item, exit status 0."""
    done, records = run_evals(tmp_path, "-k", "debate")
    assert done.returncode == 0, done.stdout
    assert len(records) >= 60
    assert len({(r["task"], r["sample_id"]) for r in records}) == len(records)
    for record in records:
        hold_a_debate(record)
