"""Records compacted to Parquet: nothing is lost, whatever they hold and whenever the process dies."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.records import record

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.interface.runs import load_run
from pytest_hiddenlayer.results.columns import compaction
from pytest_hiddenlayer.results.columns.compaction import compact
from pytest_hiddenlayer.results.log.record_file import outdated_parquet, restore_lines
from pytest_hiddenlayer.results.log.run_log import RunLog, read_records

pytest.importorskip("pyarrow")
import pyarrow
import pyarrow.parquet as pq


def run_of(root: Path, records: list, name: str = "run") -> Path:
    """The folder of an ended run with these records."""
    log = RunLog(root, name, ["hiddenlayer", "run"])
    log.append_all(records)
    log.write_manifest({"records": len(records), "complete": True})
    log.close()
    return log.folder


def some(n: int = 12) -> list:
    return [record(f"s{i}", float(i % 2), output=f"output {i}") for i in range(n)]


TEXTS = st.text(st.characters(codec=None), max_size=8)  # with lone surrogates
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=25)
@given(st.lists(st.tuples(TEXTS, TEXTS, st.dictionaries(TEXTS, JSON, max_size=3), JSON), min_size=1, max_size=6))
def test_any_record_comes_back_byte_by_byte(tmp_path_factory, rows):
    """Any JSON in a record, and in fields that only a later version knows, is the same after compaction."""
    tmp_path = tmp_path_factory.mktemp("any")
    records = [
        record(name, 1.0, output=text, metadata=metadata, answer_metadata=metadata, target=target, group=text)
        for name, text, metadata, target in rows
    ]
    folder = run_of(tmp_path, records)
    log = folder / "records.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    newer = [json.dumps({**json.loads(line), "of_a_later_version": 2**99}).encode() + b"\n" for line in lines]
    log.write_bytes(b"".join(lines + newer))
    written = log.read_bytes()
    compact(folder, remove_jsonl=True)
    assert not log.exists()
    assert list(read_records(folder)) == records * 2
    assert restore_lines(folder)
    assert log.read_bytes() == written
    shutil.rmtree(tmp_path)


def test_the_lines_are_kept_unless_they_are_to_be_removed(tmp_path, monkeypatch, capsys):
    """`compact` keeps records.jsonl and says so; --remove-jsonl removes it; --restore writes it again."""
    folder = run_of(tmp_path, some())
    monkeypatch.chdir(tmp_path)
    written = (folder / "records.jsonl").read_bytes()
    assert main(["compact", "last"]) == 0
    assert "12 records" in (said := capsys.readouterr().out)
    assert "records.jsonl is kept" in said
    assert (folder / "records.jsonl").read_bytes() == written
    assert main(["compact", "run", "--remove-jsonl"]) == 0
    assert "up to date; records.jsonl was removed" in capsys.readouterr().out
    assert not (folder / "records.jsonl").exists()
    assert main(["compact", "run"]) == 0
    assert "there is no records.jsonl" in capsys.readouterr().out
    assert main(["compact", "run", "--restore"]) == 0
    assert (folder / "records.jsonl").read_bytes() == written


def test_a_run_without_records_cannot_be_restored(tmp_path, monkeypatch, capsys):
    """--restore of a run that has records in neither form says so instead of `is there already`."""
    folder = run_of(tmp_path, some())
    (folder / "records.jsonl").unlink()
    monkeypatch.chdir(tmp_path)
    assert main(["compact", "run", "--restore"]) == 4
    assert f"{folder.name}: no records.jsonl in this run" in capsys.readouterr().err


def test_an_incomplete_last_line_is_left_out_and_said(tmp_path):
    """A line that a killed process left is no record; it is counted as left out, and the others are there."""
    folder = run_of(tmp_path, some(3))
    with (folder / "records.jsonl").open("ab") as log:
        log.write(b'{"run_id": "r", "ke')
    done = compact(folder)
    assert done.incomplete
    assert "its incomplete last line was left out" in done.sentence()
    assert [r.sample_id for r in read_records(folder)] == ["s0", "s1", "s2"]
    assert outdated_parquet(folder) is None


def test_a_line_that_is_no_record_is_named(tmp_path):
    """A damaged line in the middle is refused with file and line, and nothing is written."""
    folder = run_of(tmp_path, some(3))
    log = folder / "records.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(lines[0] + b'{"no": "record"}\n' + lines[1])
    with pytest.raises(UsageError, match=r"records\.jsonl:2: not a record"):
        compact(folder)
    assert sorted(path.name for path in folder.iterdir()) == ["records.jsonl", "run.json"]


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch, capsys):
    """If the disk is full, the command says so, records.jsonl stays, and no part of a file is left."""
    folder = run_of(tmp_path, some())
    monkeypatch.chdir(tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(compaction, "_write_tables", full)
    assert main(["compact", "last", "--remove-jsonl"]) == 4
    said = capsys.readouterr().err
    assert f"{folder.name}/records.parquet: cannot be written: No space left on device; the run is as before" in said
    assert sorted(path.name for path in folder.iterdir()) == ["records.jsonl", "run.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_the_writer_reports_a_full_disk(tmp_path):
    """A disk that fills while Parquet is written raises OSError, whatever the writer had buffered."""
    folder = run_of(tmp_path, some())
    with (
        pytest.raises(OSError, match=r"\[Errno 28\]|No space left"),
        os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0) as full,
    ):
        compaction._write_tables(full, folder, (folder / "records.jsonl").stat().st_size)


KILLED = """
import os, signal, sys
from pathlib import Path
from pytest_hiddenlayer.results.columns import compaction
from pytest_hiddenlayer.io import atomic
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
where, name = {"write": (compaction, "_check_complete"), "replace": (atomic.os, "replace"),
               "remove": (compaction, "_check_unchanged")}[sys.argv[2]]
setattr(where, name, die)
compaction.compact(Path(sys.argv[1]), remove_jsonl=True)
"""


@pytest.mark.parametrize("when", ["write", "replace", "remove"])
def test_a_killed_compaction_leaves_the_records(tmp_path, when):
    """Killed before the file is checked, put in place, or the lines removed: all records are there, and the next
    compaction removes what was left."""
    folder = run_of(tmp_path, some())
    killed = subprocess.run([sys.executable, "-c", KILLED, str(folder), when], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list(read_records(folder)) == some()
    compact(folder, remove_jsonl=True)
    assert list(read_records(folder)) == some()
    assert sorted(path.name for path in folder.iterdir()) == ["records.parquet", "run.json"]


@pytest.mark.slow
@pytest.mark.parametrize("again", [restore_lines, compact])
def test_a_killed_restoration_leaves_nothing_behind(tmp_path, again):
    """A `--restore` that was killed leaves a part of the lines, which the next command removes."""
    folder = run_of(tmp_path, some())
    compact(folder, remove_jsonl=True)
    killed = "import sys, pathlib; from pytest_hiddenlayer.results.log import record_file as files; "
    killed += "files.os.replace = lambda *_: files.os.kill(files.os.getpid(), 9); "
    killed += "files.restore_lines(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", killed, str(folder)], check=False)
    assert list(folder.glob(".records.jsonl.*.tmp"))
    again(folder)
    assert not list(folder.glob(".*.tmp"))
    assert list(read_records(folder)) == some()


def test_a_run_that_goes_on_is_refused(tmp_path):
    """A run without an end is not compacted, unless the user says that no process writes to it."""
    log = RunLog(tmp_path, "run")
    log.append_all(some())
    with pytest.raises(UsageError, match=r"has not ended.*--unfinished"):
        compact(log.folder)
    assert compact(log.folder, unfinished=True).n_records == 12


def test_lines_that_grow_meanwhile_are_kept(tmp_path, monkeypatch):
    """If a process appends while the run is compacted, nothing is replaced and nothing removed."""
    folder = run_of(tmp_path, some())
    checked = compaction._check_complete

    def append(*arguments: object) -> None:
        checked(*arguments)
        log = folder / "records.jsonl"
        log.write_bytes(log.read_bytes() + b"\n")

    monkeypatch.setattr(compaction, "_check_complete", append)
    with pytest.raises(UsageError, match="it grew while it was compacted"):
        compact(folder, remove_jsonl=True)
    assert sorted(path.name for path in folder.iterdir()) == ["records.jsonl", "run.json"]


def test_what_is_written_wrongly_is_never_put_in_place(tmp_path, monkeypatch):
    """The file is read back before it replaces anything: a line that differs is an error, and the lines stay."""
    folder = run_of(tmp_path, some())
    read = compaction.parquet_lines
    monkeypatch.setattr(compaction, "parquet_lines", lambda path: (line + b" " for line in read(path)))
    with pytest.raises(UsageError, match=r"differs from records\.jsonl, which is unchanged"):
        compact(folder, remove_jsonl=True)
    assert list(read_records(folder)) == some()


def test_records_appended_later_are_not_hidden(tmp_path):
    """A log that continues after its lines were removed holds the earlier records too."""
    folder = run_of(tmp_path, some(2))
    compact(folder, remove_jsonl=True)
    log = RunLog(tmp_path, "run")
    log.append(record("later", 1.0))
    assert [r.sample_id for r in read_records(folder)] == ["s0", "s1", "later"]
    assert "holds other records than records.jsonl" in str(outdated_parquet(folder))


def test_an_edited_log_of_the_same_size_wins(tmp_path):
    """If records.jsonl was edited after compaction, its records count, and that is said; compacting renews."""
    folder = run_of(tmp_path, some(2))
    compact(folder)
    log = folder / "records.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"output": "output 1"', b'"output": "edited 1"'))
    os.utime(log, (2e9, 2e9))
    assert [r.output for r in read_records(folder)] == ["output 0", "edited 1"]
    assert "`hiddenlayer compact run` renews it" in str(outdated_parquet(folder))
    compact(folder, remove_jsonl=True)
    assert [r.output for r in read_records(folder)] == ["output 0", "edited 1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda whole: whole[: len(whole) // 2], "cannot be read as Parquet.*restore it from a backup"),
        (lambda whole: b"", "cannot be read as Parquet"),
        (lambda whole: b"PAR1" + b"x" * 50 + b"PAR1", "cannot be read as Parquet"),
    ],
)
def test_a_damaged_parquet_is_one_sentence(tmp_path, monkeypatch, capsys, content, message):
    """A truncated, empty or broken file is named with advice; with records.jsonl there, its records are read."""
    folder = run_of(tmp_path, some())
    compact(folder)
    whole = (folder / "records.parquet").read_bytes()
    (folder / "records.parquet").write_bytes(content(whole))
    assert len(list(read_records(folder))) == 12
    assert "records.jsonl was read" in str(outdated_parquet(folder))
    (folder / "records.jsonl").unlink()
    monkeypatch.chdir(tmp_path)
    for command in (["show", "run"], ["compare", "run", "run"], ["compact", "run"]):
        assert main(command) == 4
        said = capsys.readouterr().err
        assert "records.parquet" in said
        assert len(said.splitlines()) == 1
    with pytest.raises(UsageError, match=message):
        list(read_records(folder))


def test_damaged_pages_are_named(tmp_path):
    """A file with an intact footer and damaged pages is an error, never other records."""
    folder = run_of(tmp_path, some())
    compact(folder, remove_jsonl=True)
    path = folder / "records.parquet"
    whole = bytearray(path.read_bytes())
    whole[60:400] = bytes(340)
    path.write_bytes(whole)
    with pytest.raises(UsageError, match="damaged"):
        list(read_records(folder))


def test_a_foreign_parquet_is_refused(tmp_path):
    """A Parquet file of another program is no run."""
    folder = run_of(tmp_path, some())
    (folder / "records.jsonl").unlink()
    pq.write_table(pyarrow.table({"json": [b"{}"]}), folder / "records.parquet")
    with pytest.raises(UsageError, match="did not write it"):
        list(read_records(folder))


def test_a_later_format_is_refused(tmp_path, monkeypatch):
    """A file of a later version names the version that is needed."""
    folder = run_of(tmp_path, some())
    monkeypatch.setattr(compaction, "FORMAT", 2)
    with pytest.raises(UsageError, match="format 2, and this version reads format 1"):
        compact(folder)


def test_without_pyarrow_one_sentence_names_the_extra(tmp_path, monkeypatch, capsys):
    """Without pyarrow, compacting and reading a compacted run name the extra; JSONL is read as ever."""
    folder = run_of(tmp_path, some())
    kept = run_of(tmp_path, some(), "kept")
    compact(folder, remove_jsonl=True)
    compact(kept)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    monkeypatch.chdir(tmp_path)
    for command in (["compact", "kept"], ["show", "run"], ["compare", "run", "kept"]):
        assert main(command) == 4
        assert "pip install 'pytest-hiddenlayer[parquet]'" in capsys.readouterr().err
    assert main(["show", "kept"]) == 0
    assert main(["compare", "kept", "kept"]) == 0


@pytest.mark.parametrize(
    "command",
    [
        ["show", "RUN"],
        ["show", "RUN", "--json"],
        ["show", "RUN", "--sample", "s3", "--json"],
        ["show", "RUN", "--markdown"],
        ["compare", "RUN", "RUN", "--json"],
        ["export", "RUN", "--to", "csv"],
        ["export", "RUN", "--to", "jsonl"],
        ["runs"],
    ],
)
def test_commands_read_either_form(tmp_path, monkeypatch, capsys, command):
    """A command prints the same of a run whose records are only in Parquet."""
    folder = run_of(tmp_path, some())
    monkeypatch.chdir(tmp_path)
    words = [word.replace("RUN", "run") for word in command]
    assert main(words) == 0
    before = capsys.readouterr().out
    compact(folder, remove_jsonl=True)
    assert main(words) == 0
    assert capsys.readouterr().out == before


def test_python_and_the_page_read_either_form(tmp_path, monkeypatch):
    """`load_run`, and the page of a run, read a run whose records are only in Parquet."""
    from pytest_hiddenlayer.report.page.run_page import write_run_page

    folder = run_of(tmp_path, some())
    monkeypatch.chdir(tmp_path)
    before = load_run("last").records, write_run_page(folder).read_bytes()
    compact(folder, remove_jsonl=True)
    assert (load_run("last").records, write_run_page(folder).read_bytes()) == before
