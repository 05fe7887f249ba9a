"""What a user sees of runs that are read as columns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.records import record

from pytest_hiddenlayer.api import evaluate
from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.cli import show as show_command
from pytest_hiddenlayer.results.columns.compaction import compact
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.session import conclusion

pytest.importorskip("pyarrow")


def two_runs(root: Path) -> list[Path]:
    """Two ended runs of 60 samples, with epochs, groups, lost answers and answers made again."""
    folders = []
    for name, right in (("old", 45), ("new", 20)):
        log = RunLog(root, name)
        made = [record(f"s{i}", float(i < right), group=f"g{i % 7}" if i % 2 else None) for i in range(60)]
        made += [record(f"s{i}", None if i % 3 else 1.0, epoch=2) for i in range(0, 60, 2)]
        made += [record("s1", 0.0, cost_usd=0.25)]
        log.append_all(made)
        log.write_manifest({"records": len(made)})
        log.close()
        folders.append(log.folder)
    return folders


@pytest.mark.parametrize(
    "command",
    [
        ["show", "new"],
        ["show", "new", "--all"],
        ["show", "new", "--json"],
        ["show", "new", "--bootstrap", "200"],
        ["show", "new", "--calibration"],
        ["show", "new", "--markdown"],
        ["show", "new", "--sample", "s4", "--json"],
        ["compare", "old", "new"],
        ["compare", "old", "new", "--json"],
        ["compare", "old", "new", "--markdown"],
        ["diff", "old", "new"],
    ],
    ids=" ".join,
)
def test_a_command_prints_the_same_of_columns(tmp_path, monkeypatch, capsys, command):
    """Tables, JSON, Markdown and diffs are the same text whether runs are read as records or as columns."""
    folders = two_runs(tmp_path)
    monkeypatch.chdir(tmp_path)
    status = main(command)
    before = capsys.readouterr()
    assert before.out
    for folder in folders:
        compact(folder, remove_jsonl=True)
    assert main(command) == status
    assert capsys.readouterr() == before


def test_the_list_of_wrong_answers_is_bounded(tmp_path, monkeypatch, capsys):
    """`show` lists a limited number of answers that are not right, and says that there are more; --all lists all."""
    two_runs(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(show_command, "MAX_ANSWERS", 5)
    main(["show", "new"])
    printed = capsys.readouterr().out
    assert printed.count("t::s") == 5
    assert "more than 5 answers are not right" in printed
    main(["show", "new", "--all"])
    assert capsys.readouterr().out.count("t::s") == 91


def test_an_unknown_sample_of_a_compacted_run_is_one_sentence(tmp_path, monkeypatch, capsys):
    """The message names a sample that may be meant, as without compaction."""
    compact(two_runs(tmp_path)[1], remove_jsonl=True)
    monkeypatch.chdir(tmp_path)
    assert main(["show", "new", "--sample", "s6l"]) == 4
    assert "no such sample" in capsys.readouterr().err


def test_an_outdated_parquet_is_said(tmp_path, monkeypatch, capsys):
    """If records.jsonl has grown since, `show` and `compare` read it and say so on stderr."""
    _, new = two_runs(tmp_path)
    compact(new)
    log = RunLog(tmp_path, "new")
    log.append(record("later", 1.0))
    log.close()
    monkeypatch.chdir(tmp_path)
    main(["show", "new"])
    shown = capsys.readouterr()
    assert "92 records" in shown.out
    assert "holds other records than records.jsonl" in shown.err
    main(["compare", "old", "new"])
    assert "holds other records than records.jsonl" in capsys.readouterr().err


TASK = "task: sums\nsamples: [{input: '1', target: '1'}, {input: '2', target: '2'}]\nscorers: [exact]\n"


def test_a_large_run_is_compacted_at_its_end(tmp_path, monkeypatch):
    """A run of more records than the limit has records.parquet beside records.jsonl; a smaller one has not."""
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "sums.yaml").write_text(TASK)
    small = evaluate("evals", provider="scripted", cwd=tmp_path)
    assert not (small.folder / "records.parquet").exists()
    monkeypatch.setattr(conclusion, "AUTOMATIC", 1)
    large = evaluate("evals", provider="scripted", cwd=tmp_path)
    assert (large.folder / "records.parquet").is_file()
    assert (large.folder / "records.jsonl").is_file()
    assert large.ok == small.ok


def test_a_compaction_that_fails_takes_no_result_down(tmp_path, monkeypatch):
    """If Parquet cannot be written at the end, the run says so and its results are the same."""
    from pytest_hiddenlayer.results.columns import compaction

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "sums.yaml").write_text(TASK)
    monkeypatch.setattr(conclusion, "AUTOMATIC", 1)
    monkeypatch.setattr(compaction, "_write_tables", full)
    run = evaluate("evals", provider="scripted", cwd=tmp_path)
    assert run.exit_status == 0
    assert any("records.parquet" in line for line in run.session.write_faults.lines())
    assert json.loads((run.folder / "summary.json").read_text())[0]["n"] == 2
