"""Runs that are loaded, listed, compared and turned into frames."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pandas as pd
import pytest
from support.folder import Folder

import pytest_hiddenlayer as hl
from pytest_hiddenlayer.export.rows import CALL_COLUMNS, SAMPLE_COLUMNS

SCRIPTED = "scripted:replies.json"


def test_a_task_is_evaluated(folder: Folder):
    """The run has cells with score and interval, and its records."""
    folder.task(n=4)
    folder.replies(wrong=[3])
    run = hl.evaluate_task("evals/sums.yaml", strategy="single", provider=SCRIPTED)
    assert (run.score, run.cost_usd, len(run.records)) == (0.75, 0.0, 4)
    assert run.cells[0]["ci95"] is not None
    assert "0.750" in run._repr_html_()
    assert repr(run) == f"Run({run.run_id!r}, cells=1, score=0.750)"


def test_a_task_is_evaluated_in_a_running_loop(folder: Folder):
    """The asynchronous twin returns the same run."""
    folder.task(n=2)
    run = asyncio.run(hl.aevaluate_task("evals/sums.yaml", provider=SCRIPTED))
    assert run.score == 1.0


def test_a_mistake_in_a_task_is_raised(folder: Folder):
    """A notebook gets the exception, with file and line."""
    folder.task(scorers=["exat"])
    with pytest.raises(hl.TaskError, match="did you mean 'exact'"):
        hl.evaluate_task("evals/sums.yaml", provider=SCRIPTED)
    with pytest.raises(hl.UsageError, match="nowhere"):
        hl.evaluate_task("evals/nowhere.yaml", provider=SCRIPTED)
    folder.write("evals/none.yaml", "nothing: 1\n")
    with pytest.raises(hl.TaskError, match="task: is missing"):
        hl.evaluate_task("evals/none.yaml", provider=SCRIPTED)


def test_two_runs_are_compared_in_one_line(folder: Folder):
    """Verdicts are those of `hiddenlayer compare`."""
    folder.task(n=12)
    old = hl.evaluate_task("evals/sums.yaml", provider=SCRIPTED)
    folder.replies(wrong=range(12))
    new = hl.evaluate_task("evals/sums.yaml", provider=SCRIPTED)
    comparison = hl.compare_runs(old, new)
    assert comparison.verdicts == {("sums", "single", "scripted", "replies.json"): "regressed"}
    assert comparison.regressed
    assert hl.compare_runs(old.run_id, "last").to_json() == comparison.to_json()
    assert "regressed" in str(comparison)
    assert "regressed" in comparison._repr_html_()
    (row,) = comparison.df().to_dict("records")
    assert (row["old_score"], row["new_score"], row["difference"], row["pairs"]) == (1.0, 0.0, -1.0, 12)


def test_runs_with_nothing_in_common_are_a_usage_error(folder: Folder):
    """The message says how to select other cells."""
    folder.task("one", n=2)
    folder.task("two", n=2)
    first, second = (hl.evaluate_task(f"evals/{name}.yaml", provider=SCRIPTED) for name in ("one", "two"))
    with pytest.raises(hl.UsageError, match="no cell"):
        hl.compare_runs(first, second)


def test_a_run_that_does_not_exist_is_a_usage_error(folder: Folder):
    """The message says how many runs there are."""
    for name in ("last", "nosuch"):
        with pytest.raises(hl.UsageError, match="no run"):
            hl.load_run(name)
    (folder.path / "folder").mkdir()
    with pytest.raises(hl.UsageError, match=r"not a run, as it holds no run\.json"):
        hl.load_run(Path("folder"))


def test_frames_have_the_documented_columns_and_join(folder: Folder):
    """One row per record and per call; ids join them; unknown is missing."""
    folder.task(
        n=2,
        strategies=["debate"],
        samples=[{"id": "x", "input": "q0.", "target": ["a0", "b"], "metadata": {"kind": "easy"}}],
    )
    run = hl.evaluate_task("evals/sums.yaml", provider=SCRIPTED)
    samples, calls, cells = run.samples_df(), run.calls_df(), run.cells_df()
    assert list(samples.columns)[: len(SAMPLE_COLUMNS)] == list(SAMPLE_COLUMNS)
    assert list(calls.columns) == list(CALL_COLUMNS)
    assert samples.loc[0, ["target", "score", "score_exact", "metadata_kind"]].tolist() == [
        "a0 | b",
        1.0,
        1.0,
        "easy",
    ]
    joined = calls.merge(samples, on="record_id", suffixes=("_call", ""))
    assert len(joined) == len(calls) == 7
    assert cells.loc[0, ["task", "n", "score"]].tolist() == ["sums", 1, 1.0]
    assert pd.isna(samples.loc[0, "group"])


def test_frames_without_pandas_say_what_to_install(folder: Folder, monkeypatch: pytest.MonkeyPatch):
    """The error names the extra."""
    folder.task(n=1)
    run = hl.evaluate_task("evals/sums.yaml", provider=SCRIPTED)
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(hl.UsageError, match=r"pytest-hiddenlayer\[frames\]"):
        run.samples_df()


def test_registered_names_are_mappings(folder: Folder):
    """They list what is registered, and give the function or class."""
    assert {"single", "debate"} <= set(hl.STRATEGIES)
    assert hl.EVAL_FUNCTIONS is hl.SCORERS
    assert hl.SCORERS["exact"].__name__ == "Exact"
    assert "nosuch" not in hl.SCORERS
    assert "mlx" in hl.PROVIDERS
    assert "<code>debate</code>" in hl.STRATEGIES._repr_html_()


def test_a_torn_log_and_a_broken_summary_are_said(folder: Folder):
    """Complete records are read; a broken file is named."""
    folder.task(n=2)
    run = hl.evaluate_task("evals/sums.yaml", provider=SCRIPTED)
    with (run.folder / "records.jsonl").open("a") as log:
        log.write('{"torn')
    assert len(hl.load_run(run.run_id).records) == 2
    (run.folder / "summary.json").write_text("{")
    with pytest.raises(hl.UsageError, match=r"summary\.json: cannot be read"):
        _ = hl.load_run(run.run_id).cells


@pytest.mark.parametrize(
    "cell", [3, {"task": 3}, {"task": "t", "label": "s", "provider": "p", "model": "m", "score": "high", "n": 1}]
)
def test_a_summary_of_another_version_is_one_sentence(folder: Folder, cell: object):
    """Whatever shows the cells of a run names the wrong cell of its summary, and what to do."""
    folder.task(n=2)
    run = hl.evaluate_task("evals/sums.yaml", provider=SCRIPTED)
    (run.folder / "summary.json").write_text(json.dumps([cell]))
    loaded = hl.load_run(run.run_id)
    for show in (repr, hl.Run._repr_html_, hl.Run.cells_df, lambda run: run.score, hl.plot_scores):
        with pytest.raises(hl.UsageError, match=r"summary\.json: cell 0: .*Delete the file"):
            show(loaded)


def test_a_summary_without_unknown_fields_is_shown(folder: Folder):
    """A cell that lacks its cost and its number of selected answers is shown with `?`."""
    folder.task(n=2)
    run = hl.evaluate_task("evals/sums.yaml", provider=SCRIPTED)
    cell = {"task": "t", "label": "s", "provider": "p", "model": "m", "score": None, "n": 1}
    (run.folder / "summary.json").write_text(json.dumps([cell]))
    shown = hl.load_run(run.run_id)._repr_html_()
    assert "<td>p:m</td>" in shown
    assert "<td>1/?</td>" in shown
