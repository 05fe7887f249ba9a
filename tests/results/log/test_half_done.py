"""What a killed run leaves of cases that are half done, and what a resumed run makes of it."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from support.records import record

from pytest_hiddenlayer.engine.unfinished.completed_call import CompletedCall
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.results.log import unfinished_calls as module
from pytest_hiddenlayer.results.log.half_done import earlier_calls, spending, tidy_calls
from pytest_hiddenlayer.results.log.reused_answers import reused_answers
from pytest_hiddenlayer.results.log.run_log import RunLog, find_run
from pytest_hiddenlayer.types import Completion, Record, Usage

T = "2026-11-01T00:00:0{}+00:00"


def call(name: str, number: int, started: int = 0, cost_usd: float | None = 0.25, text: str = "t") -> CompletedCall:
    """A call of the case of a sample that began at a second."""
    usage = Usage(input_tokens=1, output_tokens=1, calls=1)
    completion = Completion(text=text, finish_reason="stop", usage=usage, latency_s=1.0, model="m", cost_usd=cost_usd)
    return CompletedCall(
        key=name, started_at=T.format(started), request=str(number), elapsed_s=1.0, completion=completion
    )


def done(name: str, started: int = 0, cost_usd: float | None = 1.0, **changes) -> Record:
    values = {"transcript": [{"cost_usd": cost_usd}], "started_at": T.format(started), "cost_usd": cost_usd}
    return record(name, 1.0, **{**values, **changes})


def log(root: Path, run_id: str, resumed: str | None = None) -> RunLog:
    made = RunLog(root, run_id)
    if resumed is not None:
        made.facts["resumed"] = resumed
    return made


def calls_in(folder: Path) -> list[str]:
    return [line for path in (folder / "calls").glob("*.jsonl") for line in path.read_text().splitlines()]


def test_calls_of_a_case_without_a_record_are_found(tmp_path):
    """Only cases without a record go on; of a case that was begun twice, the beginning with most calls."""
    run = log(tmp_path, "r")
    run.append_calls([call("a", 1), call("b", 1), call("b", 2), call("b", 1, started=5), call("c", 1)])
    run.append(done("a"))
    run.append(done("c", started=9))  # another beginning of the same case
    found = earlier_calls(run.folder)
    assert {key: [one.request for one in calls] for key, calls in found.items()} == {"b": ["1", "2"], "c": ["1"]}


def test_a_run_without_a_record_can_be_resumed(tmp_path):
    """A run that was killed in its first case is found as `last`, and its calls are reused."""
    run = log(tmp_path, "r")
    run.append_calls([call("a", 1)])
    assert find_run(tmp_path, "last") == run.folder
    assert reused_answers(run.folder).take("a") is None
    assert list(earlier_calls(run.folder)) == ["a"]


def test_the_file_stays_as_small_as_what_is_unfinished(tmp_path, monkeypatch):
    """Calls of finished cases leave the file when they are most of it, and the file leaves the folder at the end."""
    monkeypatch.setattr(module, "REWRITE_BYTES", 2000)
    run, sizes = log(tmp_path, "r"), []
    for number in range(60):
        run.append_calls([call(str(number), 1, text="t" * 100)])
        run.append(done(str(number)))
        sizes.append(sum(map(len, calls_in(run.folder))))
    assert max(sizes) < 3000
    run.close()
    assert not (run.folder / "calls").exists()
    run.append_calls([call("x", 1)])
    run.close()
    assert len(calls_in(run.folder)) == 1


def test_an_incomplete_last_line_is_left_out(tmp_path):
    """A line that a kill cut off is not a call, and no error."""
    run = log(tmp_path, "r")
    run.append_calls([call("a", 1), call("a", 2)])
    (path,) = (run.folder / "calls").iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    assert [one.request for one in earlier_calls(run.folder)["a"]] == ["1"]


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 2},
        {"key": 7},
        {"started_at": "2026-11-26T21:18:20.&a 371767+00:00"},
        {"elapsed_s": -1},
        {"elapsed_s": "1"},
        {"completion": {}},
        {"completion": 5},
        {"completion": {"text": 3, "usage": {}, "model": "m", "finish_reason": "stop", "latency_s": 1}},
    ],
)
def test_a_line_that_is_no_call_is_named(tmp_path, change):
    """Any other line is an error with the file, the line and what to do."""
    run = log(tmp_path, "r")
    run.append_calls([call("a", 1)])
    (path,) = (run.folder / "calls").iterdir()
    with path.open("a") as file:
        file.write(json.dumps({**call("a", 2).to_json(), **change}) + "\n")
    with pytest.raises(UsageError, match=rf"{path.name}:2: not an answered call: .*remove this file"):
        earlier_calls(run.folder)


def test_impossible_values_of_a_call_are_unknown(tmp_path):
    """A run's folder may be somebody else's: negative and huge counts and costs in it count as unknown."""
    values = call("a", 1).to_json()
    values["completion"] |= {"cost_usd": -5.0, "usage": {**values["completion"]["usage"], "input_tokens": 10**400}}
    completion = CompletedCall.from_json(values).completion
    assert completion.cost_usd is None
    assert completion.usage.input_tokens is None


def test_links_are_not_followed(tmp_path):
    """A link in the place of the folder or of a file is not read, and what it leads to is not removed."""
    run = log(tmp_path, "r")
    run.append(done("b"))
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.jsonl").write_text(json.dumps(call("a", 1).to_json()) + "\n")
    (run.folder / "calls").symlink_to(other)
    assert earlier_calls(run.folder) == {}
    tidy_calls(run.folder)
    (run.folder / "calls").unlink()
    (run.folder / "calls").mkdir()
    (run.folder / "calls" / "y.jsonl").symlink_to(other / "x.jsonl")
    assert earlier_calls(run.folder) == {}
    tidy_calls(run.folder)
    assert (other / "x.jsonl").is_file()


def test_a_full_disk_is_said_once(tmp_path, monkeypatch):
    """If calls cannot be written, the run goes on without, and does not try again."""
    run, faults = log(tmp_path, "r"), []
    run.on_calls_fault = faults.append
    run.append(done("a"))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        run.append_calls([call("b", 1)])
        run.append_calls([call("b", 2)])
    assert [fault.errno for fault in faults] == [errno.ENOSPC]
    assert calls_in(run.folder) == []


def test_a_resumed_run_that_was_killed_too_loses_nothing(tmp_path):
    """Answers and calls that the second run has not taken over yet are found in the first, each once."""
    first, second = log(tmp_path, "r1"), log(tmp_path, "r2", resumed="r1")
    first.append_all([done("a", run_id="r1"), done("b", run_id="r1")])
    first.append_calls([call("c", 1), call("c", 2), call("d", 1)])
    second.append(replace(done("a", run_id="r2"), answer_metadata={"resumed_from": "r1"}))
    second.append_calls([call("c", 1), call("c", 2), call("c", 3)])
    second.append(done("d", run_id="r2", answer_metadata={"resumed_calls": 1}))
    reused = reused_answers(second.folder)
    assert [reused.take("a"), reused.take("a")][1] is None
    assert reused.take("b").answer_metadata["resumed_from"] == "r1"
    assert reused.take("d").run_id == "r2"
    assert [one.request for one in earlier_calls(second.folder)["c"]] == ["1", "2", "3"]
    assert spending(second.folder).known_usd == 3 + Decimal("0.75")  # a, b and d, and the calls of c


def test_an_answer_is_reused_once(tmp_path):
    """A rerun of an item takes the answer of the rerun in the log, and then none: its cost is never counted twice."""
    run = log(tmp_path, "r")
    run.append_all([done("a", output="first"), done("a", started=1, output="second")])
    reused = reused_answers(run.folder)
    assert [reused.take("a").output, reused.take("a").output, reused.take("a")] == ["second", "first", None]


def test_what_was_spent_counts_each_call_once(tmp_path):
    """Records, half-done cases and skipped ones count; a call in two of them once; an unknown cost is not 0."""
    run = log(tmp_path, "r")
    run.append_calls([call("half", 1), call("half", 2), call("skipped", 1), call("done", 1)])
    run.append_all([done("done"), done("skipped", cost_usd=0.25, outcome="skipped", scores={})])
    run.append(done("unknown", cost_usd=None))
    spent = spending(run.folder)
    assert spent.known_usd == Decimal("1.75")
    assert spent.n_unknown == 1


@pytest.mark.parametrize("name", ["../r1", "/etc", "", 7, "missing", "r2"])
def test_a_chain_leads_to_runs_beside_it_only(tmp_path, name):
    """What a manifest names besides a run in the same folder is ignored, and so is the run itself."""
    run = log(tmp_path, "r2")
    run.facts["resumed"] = name
    run.append(done("a"))
    assert reused_answers(run.folder).take("a") is not None
    assert spending(run.folder).known_usd == 1


def test_a_case_that_another_process_finished_is_not_half_done(tmp_path):
    """At the end of a run the calls of a worker that died are removed once its cases have an answer."""
    run = log(tmp_path, "r")
    run.append_calls([call("a", 1)])
    tidy_calls(run.folder)
    assert len(calls_in(run.folder)) == 1
    other = RunLog(tmp_path, "r")
    other.append(done("a", started=1))
    tidy_calls(run.folder)
    assert not (run.folder / "calls").exists()
