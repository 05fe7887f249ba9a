"""SmolLM2 and the bundled model in one debate, with and without room for both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.smollm2 import require_smollm2

from pytest_hiddenlayer.models.known import KNOWN

TASK = """\
task: facts
prompt: "{{ input }} Answer in one short sentence."
generate: {temperature: 0.7, max_tokens: 12}
scorers: [keyword]
samples:
  - {id: france, input: What is the capital of France?, target: Paris}
  - {id: bees, input: What do bees make?, target: honey}
"""
COMMAND = ("--hl-gate=off", "--strategy", "debate:agents=mlx:smollm2+mlx:nano-2,n_agents=2,n_rounds=2")


def newest_run(root: Path) -> tuple[dict, list]:
    """The local models of the newest run, and the texts of all its calls by sample."""
    folder = max((root / "reports" / "runs").iterdir(), key=lambda path: (path / "run.json").stat().st_mtime_ns)
    records = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    texts = sorted(
        (r["sample_id"], [(c["role"], c["model"], c["completion"]) for c in r["transcript"]]) for r in records
    )
    return json.loads((folder / "run.json").read_text())["local_models"], texts


@pytest.mark.slow
def test_smollm2_and_the_bundled_model_debate_within_a_bound(folder):
    """With room for one model at a time the texts are the same, and what was unloaded is said."""
    require_smollm2()
    folder.write("evals/facts.yaml", TASK)
    folder.run(*COMMAND, provider="mlx")
    free, texts = newest_run(folder.path)
    result = folder.run(*COMMAND, "--hl-model-memory=540MB", provider="mlx")
    bounded, found = newest_run(folder.path)
    assert found == texts
    assert {model for _, calls in texts for _, model, _ in calls} == {"smollm2", "nano-2"}
    assert [model["loads"] for model in free["models"]] == [1, 1]
    assert {m["model"]: m["weight_bytes"] for m in free["models"]}["smollm2"] == 4 * KNOWN["smollm2"].n_weights
    assert bounded["peak_bytes"] <= 540_000_000 < free["peak_bytes"]
    result.stdout.fnmatch_lines(["*nano-2 (6 MB) was unloaded for smollm2 (538 MB)*"])
