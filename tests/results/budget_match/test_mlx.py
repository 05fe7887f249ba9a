"""The compute-matched comparison on the bundled model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.requirements import NEEDS_MLX

mlx = pytest.importorskip("mlx.core", reason=NEEDS_MLX)

EVALS = Path(__file__).parents[3] / "evals"


def run(folder: Path, *arguments: str) -> tuple[str, list[dict[str, Any]], dict[str, Any]]:
    """(what was printed, records, findings) of the debates on products, in a copy of our evals."""
    if not (folder / "evals").exists():
        shutil.copytree(EVALS, folder / "evals")
        (folder / "pytest.ini").write_text("[pytest]\n")
    before = set((folder / "reports" / "runs").glob("*"))
    command = [sys.executable, "-m", "pytest", "evals", "-k", "debate and products", "--provider", "mlx"]
    whole = [*command, "--hl-equal-budget", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(whole, cwd=folder, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = set((folder / "reports" / "runs").glob("*")) - before
    records = [json.loads(line) for line in (made / "records.jsonl").read_text().splitlines()]
    return done.stdout, records, json.loads((made / "equal_budget.json").read_text())


@pytest.mark.slow
def test_debates_against_the_model_asked_as_often(tmp_path):
    """Control samples match the calls and tokens of real debates; with two workers the findings are the same."""
    printed, records, found = run(tmp_path)
    debates = {r["sample_id"]: r for r in records if r["label"] == "debate"}
    assert len(debates) == 16
    for name, debate in debates.items():
        drawn = [r for r in records if r["label"] == "single.control=debate" and r["sample_id"] == name]
        tokens = sum(r["usage"]["input_tokens"] + r["usage"]["output_tokens"] for r in drawn)
        wanted = debate["usage"]["input_tokens"] + debate["usage"]["output_tokens"]
        assert 7 <= len(drawn) <= 28
        assert tokens >= wanted or len(drawn) == 28
        assert len({r["transcript"][0]["seed"] for r in drawn}) == len(drawn)
    (compared,) = found["compared"]
    assert [(side["name"], side["paired"]["n"]) for side in compared["versus"]] == [
        ("single, same calls", 16),
        ("self_consistency, same calls", 16),
        ("self_consistency, same tokens", 16),
        ("oracle, same calls", 16),
    ]
    assert "agents, round 0 → 1" in printed
    assert run(tmp_path, "-n", "2")[2] == found
