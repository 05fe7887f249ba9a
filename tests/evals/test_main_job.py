"""The main job with the bundled model: `pytest evals -k debate --provider mlx`."""

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
    """Run pytest on a copy of the evals. Returns the process and the records, sorted by task, sample and label."""
    if not (folder / "evals").exists():
        shutil.copytree(EVALS, folder / "evals")
        (folder / "pytest.ini").write_text("[pytest]\n")
    before = set((folder / "reports" / "runs").glob("*"))
    command = [sys.executable, "-m", "pytest", "evals", "--provider", "mlx", "-p", "no:cacheprovider", *arguments]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=400)
    (run,) = set((folder / "reports" / "runs").glob("*")) - before
    records = [json.loads(line) for line in (run / "records.jsonl").read_text().splitlines()]
    return process, sorted(records, key=lambda r: (r["task"], r["sample_id"], r["label"]))


def check_debate(record: dict[str, Any]) -> None:
    """Check that a record is a debate: agents, rounds, a verdict and token counts."""
    calls = record["transcript"]
    agents = {call["role"] for call in calls if call["role"].startswith("agent-")}
    assert len(agents) >= 2
    assert len({call["round"] for call in calls if call["role"] in agents}) >= 2
    assert calls[-1]["role"] == "judge"
    assert record["output"] == calls[-1]["completion"]
    assert all(call["usage"]["input_tokens"] > 0 and call["usage"]["output_tokens"] > 0 for call in calls)


@pytest.fixture(scope="module")
def debates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, list[dict[str, Any]]]:
    """One run of the debates on products in one process."""
    folder = tmp_path_factory.mktemp("main")
    process, records = run_evals(folder, "-k", "debate and products")
    assert process.returncode == 0, process.stdout + process.stderr
    return folder, process.stdout, records


def test_every_item_is_a_debate(debates):
    """Every record has agents, two rounds, a verdict and token counts."""
    _, _, records = debates
    assert len(records) == 16
    for record in records:
        check_debate(record)


@pytest.mark.slow
def test_agents_differ(debates):
    """Agents have different seeds, and their answers differ if a task is hard."""
    folder, *_ = debates
    _, records = run_evals(folder, "-k", "long_sums", "--strategy", "debate:n_rounds=1")
    first_rounds = [[call for call in record["transcript"] if call["round"] == 0] for record in records]
    assert all(len({call["seed"] for call in calls}) == 3 for calls in first_rounds)
    assert any(len({call["completion"] for call in calls}) > 1 for calls in first_rounds)


def test_table_shows_scored_samples(debates):
    """The terminal's table shows task, strategy, model and the number of scored samples."""
    _, stdout, _ = debates
    row = next(line for line in stdout.splitlines() if line.startswith("products"))
    assert row.split()[:4] == ["products", "debate*", f"mlx:{BUNDLED}", "16/16"]


@pytest.mark.slow
def test_workers_do_not_change_outputs(debates):
    """Two workers, with other batches, produce the outputs of one process."""
    folder, _, before = debates
    _, after = run_evals(folder, "-k", "debate and products", "-n", "2")
    assert [r["output"] for r in after] == [r["output"] for r in before]
    assert [r["key"] for r in after] == [r["key"] for r in before]


@pytest.mark.slow
def test_another_seed_changes_the_outputs(debates):
    """--hl-seed changes the agents' completions."""
    folder, _, before = debates
    _, after = run_evals(folder, "-k", "debate and products", "--hl-seed", "1")
    texts = [[[call["completion"] for call in record["transcript"]] for record in run] for run in (before, after)]
    assert texts[0] != texts[1]


@pytest.mark.slow
def test_the_whole_main_job(tmp_path):
    """The main job holds at least 60 debates with one record per item and exits with status 0."""
    process, records = run_evals(tmp_path, "-k", "debate")
    assert process.returncode == 0, process.stdout
    assert len(records) >= 60
    assert len({(r["task"], r["sample_id"]) for r in records}) == len(records)
    for record in records:
        check_debate(record)
