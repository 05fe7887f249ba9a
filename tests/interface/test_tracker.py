"""The tracker and its experiments on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.folder import Folder

import pytest_hiddenlayer as hl

SCRIPTED = "scripted:replies.json"


def test_calls_belong_to_the_experiment_that_was_started(folder: Folder):
    """The run's folder holds name, configuration, records and logged values."""
    tracker = hl.get_tracker()
    experiment = tracker.start("baseline", {"temperature": 0.7, "model": "scripted"})
    hl.llm_call("q1.", provider=SCRIPTED)
    tracker.log(accuracy=0.5)
    tracker.log({"accuracy": np.float64(0.75)}, step=10)
    tracker.finish()
    run = hl.load_run(experiment.run_id)
    assert (run.name, run.manifest["config"]) == ("baseline", {"temperature": 0.7, "model": "scripted"})
    assert [(values["step"], values["accuracy"]) for values in run.metrics] == [(0, 0.5), (10, 0.75)]
    assert [record.output for record in run.records] == ["a1"]
    assert run.manifest["finished_at"] >= run.manifest["started_at"]
    assert "versions" in run.manifest


def test_calls_without_an_experiment_share_one(folder: Folder):
    """They are logged as `questions`."""
    first, second = (hl.llm_call(f"q{i}.", provider=SCRIPTED) for i in (1, 2))
    assert first.run_id == second.run_id == hl.get_tracker().run_id
    assert hl.load_run(first.run_id).name == "questions"


def test_an_equal_question_is_the_next_epoch(folder: Folder):
    """Nothing that was asked hides what was asked before."""
    for _ in range(3):
        hl.llm_call("q1.", provider=SCRIPTED)
    run = hl.load_run("last")
    assert [record.epoch for record in run.records] == [1, 2, 3]
    assert run.cells[0]["usage"]["calls"] == 3


def test_an_experiment_of_values_only_is_listed(folder: Folder):
    """A run without a call is a run: it has a name and values."""
    with hl.get_tracker().start("only values") as experiment:
        experiment.log(loss=1.5)
    (entry,) = hl.runs()
    assert (entry.name, entry.score, entry.cost_usd) == ("only values", None, None)
    assert hl.load_run(experiment.run_id).metrics[0]["loss"] == 1.5
    assert "only values" in str(hl.runs())


def test_an_experiment_without_anything_leaves_no_folder(folder: Folder):
    """Starting and finishing writes nothing."""
    hl.get_tracker().start("nothing").finish()
    assert folder.runs() == []


def test_records_are_on_disk_before_the_call_returns(folder: Folder):
    """A killed notebook loses no answer that it has shown."""
    result = hl.llm_call("q1.", provider=SCRIPTED)
    log = folder.path / "reports/runs" / result.run_id / "records.jsonl"
    assert json.loads(log.read_text())["output"] == "a1"
    assert hl.load_run(result.run_id).cells[0]["n_selected"] == 1  # without a summary yet


def test_what_json_cannot_hold_is_a_usage_error(folder: Folder):
    """The message names the value; nothing is written."""
    tracker = hl.get_tracker()
    for values, message in (
        ({"x": float("nan")}, "log: x is nan"),
        ({"x": object()}, "log: x has the type object"),
        ({}, "nothing to log"),
    ):
        with pytest.raises(hl.UsageError, match=message):
            tracker.log(values)
    with pytest.raises(hl.UsageError, match="config: f has the type function"):
        tracker.start("a", {"f": lambda: 0})
    assert folder.runs() == []


def test_a_finished_experiment_takes_nothing_more(folder: Folder):
    """Logging into it says to start another."""
    experiment = hl.get_tracker().start("done")
    experiment.finish()
    with pytest.raises(hl.UsageError, match="is finished; start another"):
        experiment.log(x=1)


def test_paths_and_lists_of_a_configuration_are_kept(folder: Folder):
    """Paths become text, tuples and arrays lists."""
    experiment = hl.get_tracker().start("c", {"data": Path("a/b"), "seeds": (1, 2), "array": [np.int64(3)]})
    experiment.log(x=1)
    assert hl.load_run(experiment.run_id).manifest["config"] == {"data": "a/b", "seeds": [1, 2], "array": [3]}


def test_hundreds_of_runs_are_listed_from_their_manifests(folder: Folder):
    """Listing reads no records: a record that cannot be read does not matter."""
    for number in range(300):
        run = folder.path / "reports/runs" / f"2026010{number % 9}T000000Z-{number:08x}"
        run.mkdir(parents=True)
        (run / "run.json").write_text(json.dumps({"started_at": f"2026-01-01T00:00:{number % 60:02}", "name": "n"}))
        (run / "records.jsonl").write_text("not read")
    assert len(hl.runs()) == 300
    assert "… 280 older runs" in repr(hl.runs())
