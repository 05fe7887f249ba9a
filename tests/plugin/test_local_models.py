"""Several local models in one run: a base and its tuned model, within a bound of memory, with and without workers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

mx = pytest.importorskip("mlx.core", reason=NEEDS_MLX)

from pytest_hiddenlayer.models import bundled_path  # noqa: E402
from pytest_hiddenlayer.providers.mlx.weight_sizes import loaded_bytes  # noqa: E402

PREFIX = "model.layers.5.self_attn.q_proj"


@pytest.fixture
def tuned(folder):
    """A folder with a task and an adapter of the bundled model."""
    config = json.loads((bundled_path() / "config.json").read_text())
    width, heads = config["hidden_size"], config["num_attention_heads"] * config["head_dim"]
    adapter: Path = folder.path / "adapters" / "sums"
    adapter.mkdir(parents=True)
    arrays = {"lora_a": 0.2 * mx.ones((width, 2)), "lora_b": 0.2 * mx.ones((2, heads))}
    mx.save_safetensors(
        str(adapter / "adapters.safetensors"), {f"{PREFIX}.{n}": value for n, value in arrays.items()}
    )
    parameters = {"rank": 2, "scale": 1.0, "dropout": 0.0, "keys": ["self_attn.q_proj"]}
    values = {"fine_tune_type": "lora", "num_layers": 1, "lora_parameters": parameters}
    (adapter / "adapter_config.json").write_text(json.dumps(values))
    folder.task()
    return folder


def run_files(folder) -> tuple[dict, list[tuple[str, str, str]]]:
    """The manifest of the newest run, and (sample, model, output) of its records."""
    newest = max(
        (folder.path / "reports" / "runs").iterdir(), key=lambda path: (path / "run.json").stat().st_mtime_ns
    )
    records = [json.loads(line) for line in (newest / "records.jsonl").read_text().splitlines()]
    found = sorted((record["sample_id"], record["model"], record["output"]) for record in records)
    return json.loads((newest / "run.json").read_text()), found


@pytest.mark.slow
def test_base_and_tuned_model_debate_within_a_bound(tuned, workers):
    """With room for one model the run answers as without a bound, says what it unloaded, and shows the memory."""
    command = ["--hl-gate=off", "--strategy", "debate:agents=mlx+mlx:nano-2:adapters/sums,n_rounds=1"]
    tuned.run(*command, *workers, provider="mlx")
    free, expected = run_files(tuned)
    size = loaded_bytes(bundled_path(), tuned.path / "adapters" / "sums")
    result = tuned.run(*command, *workers, f"--hl-model-memory={size}", provider="mlx")
    bounded, found = run_files(tuned)
    assert found == expected
    names = ["nano-2", "nano-2:adapters/sums"]
    assert sorted(model["model"] for model in free["local_models"]["models"]) == names
    assert [model["loads"] for model in free["local_models"]["models"]] == [1, 1]
    assert bounded["local_models"]["limit_bytes"] == size >= bounded["local_models"]["peak_bytes"]
    result.stdout.fnmatch_lines_random(
        ["*local models: *nano-2 6 MB*nano-2:adapters/sums 6 MB*of at most 6 MB at once", "*was unloaded for*"]
    )


def test_the_adapter_option(tuned):
    """`--adapter` tunes the candidate; ids and records name base and adapter."""
    result = tuned.run("--hl-gate=off", "--adapter", "adapters/sums", "-v", "--limit", "1", provider="mlx")
    result.stdout.fnmatch_lines(["*single-mlx:nano-2-sums*"])
    assert {model for _, model, _ in run_files(tuned)[1]} == {"nano-2:adapters/sums"}
    asked = tuned.command("ask", "Calculate 17+25.", "--adapter", "adapters/sums")
    asked.stdout.fnmatch_lines(["*nano-2:adapters/sums: 1 call*"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--adapter", "adapters/sun"], "*adapter adapters/sun: no such folder, did you mean 'adapters/sums'*"),
        (["--hl-model-memory", "lots"], "*--hl-model-memory 'lots': write a size of memory above 0*"),
        (["--hl-model-memory", "1MB"], "*local model nano-2 needs 6 MB*limit is 1 MB; nothing was loaded*"),
    ],
)
def test_wrong_options_are_refused(tuned, options, message):
    """A misspelt adapter, a size that is none, and a bound below the model say what to do."""
    result = tuned.run("--hl-gate=off", *options, provider="mlx")
    (result.stderr if "needs" not in message else result.stdout).fnmatch_lines([message])


def test_a_task_file_may_not_name_an_adapter(tuned):
    """An adapter that only the task file names is refused before it is opened."""
    tuned.task("bad", judge="mlx:nano-2:adapters/sums")
    result = tuned.run("--hl-gate=off", "--co", provider="mlx")
    result.stdout.fnmatch_lines(["*names the model mlx:nano-2:adapters/sums*Nothing was opened*"])


def test_models_lists_memory_and_adapters(tuned):
    """`hiddenlayer models` shows the memory of weights, and the adapters in `adapters/`."""
    listed = tuned.command("models")
    listed.stdout.fnmatch_lines(
        ["nano-2 *package*3 MB*6 MB*--provider mlx*", "sums *adapter*--adapter adapters/sums*"]
    )
