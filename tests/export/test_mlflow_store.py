"""MLflow runs, written through MLflow's client into a local store."""

from __future__ import annotations

import json
import sys

import pytest
from support.records import record

import pytest_hiddenlayer as hl
from pytest_hiddenlayer.errors import UsageError

from .other_programs import python_with, run_python

EXPORT = """
from pytest_hiddenlayer.cli import main
sys.exit(main(sys.argv[1:]))
"""
READ = """
import json
from mlflow import MlflowClient
client = MlflowClient(tracking_uri="sqlite:///" + sys.argv[1] + "/mlflow.db")
experiment = client.get_experiment_by_name("pytest-hiddenlayer")
runs = client.search_runs([experiment.experiment_id])
parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
children = {run.data.params["strategy"]: run for run in runs if "mlflow.parentRunId" in run.data.tags}
child = children["debate"]
print(json.dumps({
    "parents": len(parents), "children": len(children), "tag": parents[0].data.tags["hiddenlayer.run_id"],
    "status": child.info.status, "params": child.data.params, "metrics": child.data.metrics,
    "artifacts": [f.path for f in client.list_artifacts(parents[0].info.run_id)],
    "logged": [(m.step, m.value) for m in client.get_metric_history(parents[0].info.run_id, "loss")],
}))
"""


def mlflow_python() -> str:
    """A Python with mlflow."""
    return python_with("mlflow", "mlflow-skinny, sqlalchemy and alembic", "HIDDENLAYER_MLFLOW_PYTHON")


def test_mlflow_must_be_installed(runs, monkeypatch):
    """Without it the message names the extra, and nothing is made."""
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(UsageError, match=r"pip install 'pytest-hiddenlayer\[mlflow\]'"):
        runs.write([record("a", 1.0)]).export("mlflow", "store")
    assert not (runs.root / "store").exists()


@pytest.mark.slow
def test_a_run_has_a_nested_run_per_cell(runs):
    """Parameters, metrics with intervals, logged values and the records; a second export needs --force."""
    python = mlflow_python()
    run = runs.scored({"single": 5, "debate": 18})
    (run.folder / "metrics.jsonl").write_text('{"time": "2026-01-01T00:00:00+00:00", "step": 3, "loss": 0.5}\n')
    run_python(python, EXPORT, "export", "one", "--to", "mlflow", "--output", "store")
    with pytest.raises(AssertionError, match="holds run one already; replace it with --force"):
        run_python(python, EXPORT, "export", "one", "--to", "mlflow", "--output", "store")
    run_python(python, EXPORT, "export", "one", "--to", "mlflow", "--output", "store", "--force")
    seen = json.loads(run_python(python, READ, str(runs.root / "store")).splitlines()[-1])
    assert (seen["parents"], seen["children"], seen["tag"]) == (1, 2, "one")
    assert (seen["params"]["task"], seen["params"]["model"]) == ("hard_sums", "m")
    assert seen["metrics"]["score"] == 0.9
    assert seen["metrics"]["ci95_low"] < 0.9 < seen["metrics"]["ci95_high"]
    assert seen["artifacts"] == ["metrics.jsonl", "records.jsonl", "run.json", "summary.json"]
    assert seen["logged"] == [[3, 0.5]]


@pytest.mark.slow
def test_an_address_that_is_no_store_is_refused(runs):
    """The message says what MLflow says, in one sentence."""
    python = mlflow_python()
    runs.write([record("a", 1.0)])
    with pytest.raises(AssertionError, match="MLflow refuses it") as refused:
        run_python(python, EXPORT, "export", "one", "--to", "mlflow", "--output", "nosuch://x")
    assert "Traceback" not in str(refused.value)


def test_the_export_is_public():
    """`Run.export` is the only name that is needed."""
    assert "Run" in hl.__all__
    assert callable(hl.Run.export)
