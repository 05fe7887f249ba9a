"""A run of many answers keeps columns in memory and texts on disk; what a user sees is the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.folder import Folder

from pytest_hiddenlayer import EvalRun, Record, UsageError, api, evaluate
from pytest_hiddenlayer.cli.run import print_run
from pytest_hiddenlayer.report.changes import run_changes
from pytest_hiddenlayer.results.log.resume import reusable_records
from pytest_hiddenlayer.results.streamed.records import StreamedRecords
from pytest_hiddenlayer.session import writing
from pytest_hiddenlayer.session.session import Session

STRATEGIES = ["single", "self_consistency"]


@pytest.fixture
def many(folder: Folder) -> Folder:
    """A task of six samples, of which some are wrong, must pass, or fail."""
    folder.task(n=6)
    text = (folder.path / "evals/sums.yaml").read_text(encoding="utf-8")
    folder.write("evals/sums.yaml", text.replace('"id": "s1",', '"id": "s1", "must_pass": true, "group": "g",'))
    folder.replies(wrong=[1, 2], q4={"error": "server said 500"})
    return folder


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run streams its records."""
    monkeypatch.setattr(api, "STREAMED_FROM", 0)


def answered(folder: Folder, **options: Any) -> EvalRun:
    provider = f"scripted:{folder.path / 'replies.json'}"
    return evaluate("evals", cwd=folder.path, provider=provider, no_report=True, **options)


def printed(run: EvalRun, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command prints of a run, without its id and its wall time."""
    run.session.metrics = [replace(cell, wall_s=0.0) for cell in run.metrics]
    capsys.readouterr()
    print_run(run, [Path("evals")])
    return "".join(capsys.readouterr()).replace(run.run_id, "RUN")


def without_times(run: EvalRun) -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads((run.folder / "summary.json").read_text(encoding="utf-8"))
    return [{**cell, "wall_s": 0} for cell in cells]


def comparable(record: Record) -> Record:
    """A record without what differs between two runs."""
    calls = [{**call, "latency_s": 0} for call in record.transcript]
    return replace(record, run_id="", started_at="", latency_s=0.0, transcript=calls)


@pytest.fixture
def both(many: Folder, monkeypatch: pytest.MonkeyPatch) -> tuple[EvalRun, EvalRun]:
    """The same run with records in memory, and streamed."""
    whole = answered(many, strategy=STRATEGIES, epochs=2)
    monkeypatch.setattr(api, "STREAMED_FROM", 0)
    return whole, answered(many, strategy=STRATEGIES, epochs=2)


def test_a_streamed_run_has_the_summary_and_the_records_of_a_whole_one(
    both: tuple[EvalRun, EvalRun], capsys: pytest.CaptureFixture[str]
) -> None:
    """summary.json, gates, failures, exit status, what is printed, and the records one by one are the same."""
    whole, streamed = both
    assert isinstance(whole.records, list)
    assert isinstance(streamed.records, StreamedRecords)
    assert without_times(streamed) == without_times(whole)
    assert (streamed.exit_status, streamed.failures) == (whole.exit_status, whole.failures) == (1, whole.failures)
    assert any("must_pass" in failure for failure in streamed.failures)
    assert printed(streamed, capsys) == printed(whole, capsys)
    assert [comparable(one) for one in streamed.records] == [comparable(one) for one in whole.records]
    assert len(streamed.records) == len(whole.records) == 24
    assert comparable(streamed.records[13]) == comparable(whole.records[13])
    assert comparable(streamed.records[-1]) == comparable(whole.records[-1])
    assert [one.key for one in streamed.records[2:5]] == [one.key for one in whole.records[2:5]]


def test_records_of_a_removed_log_are_an_error_with_advice(many: Folder, streamed: None) -> None:
    """Records that are asked for after their file was removed are one clear error."""
    run = answered(many)
    (run.folder / "records.jsonl").rename(run.folder / "elsewhere.jsonl")
    with pytest.raises(UsageError, match="read them before the file is moved or removed"):
        list(run.records)


def test_an_interrupted_streamed_run_loses_nothing(
    many: Folder, streamed: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After Ctrl-C every answer on disk counts, also one that was not reported; --resume asks for the rest."""
    add, interrupted = Session.add, []

    def interrupting(session: Session, position: int, record: Record) -> None:
        if record.sample_id == "s2":
            interrupted.append(session)
            raise KeyboardInterrupt
        add(session, position, record)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "add", interrupting)
        with pytest.raises(KeyboardInterrupt):
            answered(many)
    (session,) = interrupted
    on_disk = session.run_log.folder / "records.jsonl"
    assert len(session.answered) == len(on_disk.read_text(encoding="utf-8").splitlines()) >= 3
    resumed = answered(many, resume="last")
    assert len(resumed.records) == 6
    assert "5 of 6 answers reused" in printed(resumed, capsys)
    assert "asked for: 1 that failed or were skipped there" in printed(resumed, capsys)


def test_a_reused_record_is_the_last_one_with_its_key(many: Folder) -> None:
    """What --resume reuses is read from the log: by key, of several the last one, and no key that it lacks."""
    run = answered(many)
    log = run.folder / "records.jsonl"
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    again = json.loads(lines[0]) | {"output": "changed"}
    log.write_text("".join([*lines, json.dumps(again) + "\n", "\n"]), encoding="utf-8")
    records = reusable_records(run.folder)
    assert records[again["key"]].output == "changed"
    assert records[again["key"]].answer_metadata["resumed_from"] == run.run_id
    assert "no such key" not in records
    assert len(records) == len(list(records)) == 5  # s4 failed
    assert {record.sample_id for record in records.values()} == {"s0", "s1", "s2", "s3", "s5"}


def test_answers_that_the_disk_refuses_still_count(
    many: Folder, streamed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk a streamed run counts every answer, and says how many are not in the log."""
    from pytest_hiddenlayer.results.log.run_log import RunLog

    write = RunLog.append_all

    def full(log: RunLog, records: Any) -> list[int]:
        if any(record.sample_id in ("s2", "s3") for record in records):
            raise OSError(28, "No space left on device")
        return write(log, records)

    monkeypatch.setattr(RunLog, "append_all", full)
    run = answered(many)
    assert run.metrics[0].n_scored == 5
    assert len(list(run.records)) == 6
    assert run.session.write_faults.lost_records == 2


def test_a_streamed_run_is_judged_against_a_snapshot_and_a_run(many: Folder, streamed: None) -> None:
    """Snapshots, gates and the changes of a streamed run are those of a run in memory, with outputs on both sides."""
    updated = answered(many, snapshot_update=True)
    assert many.snapshot().is_file()
    many.replies(wrong=[0, 2, 3, 5])
    (against_snapshot,) = answered(many).gates.values()
    assert "newly wrong: s0, s3, s5" in against_snapshot.message
    run = answered(many, baseline=updated.run_id)
    (cell,) = json.loads((run.folder / "changes.json").read_text(encoding="utf-8"))["cells"]
    flip = next(flip for flip in cell["flips"] if flip["sample"] == "s3")
    assert (flip["old"]["output"], flip["new"]["output"]) == ("a3", "no")


def test_changes_of_a_very_large_cell_are_left_to_compare(
    many: Folder, streamed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell with too many samples for the page is judged, and a note names the command that compares it."""
    before = answered(many)
    monkeypatch.setattr(run_changes, "MAX_COMPARED", 5)
    run = answered(many, baseline=before.run_id)
    changes = json.loads((run.folder / "changes.json").read_text(encoding="utf-8"))
    assert changes["cells"] == []
    assert any(f"`hiddenlayer compare REF {run.run_id}`" in note for note in changes["notes"])
    assert next(iter(run.gates.values())).comparison is not None


def test_a_snapshot_of_very_many_samples_is_refused_before_anything_is_asked(
    many: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--snapshot-update for more samples than a file in a repository can hold is a usage error with advice."""
    monkeypatch.setattr(writing, "MAX_SNAPSHOT", 5)
    with pytest.raises(UsageError, match=r"6 samples.*the maximum is 5.*baseline RUN.*limit"):
        answered(many, snapshot_update=True)
    assert not many.runs()
    answered(many, snapshot_update=True, limit=5)
    assert many.snapshot().is_file()


@pytest.mark.parametrize("streamed_from", [0, 100])
def test_a_reused_answer_belongs_to_its_cell_if_another_model_shares_its_name(
    many: Folder, monkeypatch: pytest.MonkeyPatch, streamed_from: int
) -> None:
    """Two models of one short name have longer slugs together; answers of a run of one of them are reused too."""
    monkeypatch.setattr(api, "STREAMED_FROM", streamed_from)
    content = (many.path / "replies.json").read_text(encoding="utf-8")
    models = [f"scripted:{many.write(f'{name}/replies.json', content)}" for name in ("one", "two")]
    evaluate("evals", cwd=many.path, provider=models[0], no_report=True)
    both = evaluate("evals", cwd=many.path, provider=models, no_report=True, resume="last")
    assert [cell.n_scored for cell in both.metrics] == [5, 5]
    assert sum("resumed_from" in record.answer_metadata for record in both.records) == 5


KILLED = """
import os
from pytest_hiddenlayer import api, evaluate
from pytest_hiddenlayer.session.session import Session

api.STREAMED_FROM = 0
add = Session.add

def killed(session, position, record):
    add(session, position, record)
    if position == 3:
        os._exit(9)

Session.add = killed
evaluate("evals", provider=f"scripted:{os.path.abspath('replies.json')}", no_report=True)
"""


def test_a_killed_run_loses_nothing_that_was_written(many: Folder, streamed: None) -> None:
    """After `kill -9` the run has no summary; --resume reuses every answer of its log and asks for the others."""
    many.script(KILLED)
    (folder,) = many.runs()
    written = len((folder / "records.jsonl").read_text(encoding="utf-8").splitlines())
    assert written >= 4
    resumed = answered(many, resume="last")
    reused = [record for record in resumed.records if "resumed_from" in record.answer_metadata]
    assert len(reused) == written - (written >= 5)  # s4 failed
    assert (len(resumed.records), resumed.metrics[0].n_scored) == (6, 5)
