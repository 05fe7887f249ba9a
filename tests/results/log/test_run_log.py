"""Writing the run log and reading it back."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.records import record

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.results.log.run_log import RunLog, read_records


def test_nothing_is_created_before_the_first_record(tmp_path):
    """Creating a log does not touch the disk; the first record creates folder and manifest."""
    log = RunLog(tmp_path, "20260101T000000Z-00000000", ["pytest"])
    assert not list(tmp_path.iterdir())
    log.append(record("a", 1.0))
    assert {p.name for p in log.folder.iterdir()} == {"run.json", "records.jsonl"}


def test_lines_of_several_processes_stay_whole(tmp_path):
    """Four processes append 50 long records each; every line is one record."""
    code = (
        "import json, sys; from dataclasses import replace; from pathlib import Path\n"
        "from pytest_hiddenlayer.types import Record; from pytest_hiddenlayer.results.log.run_log import RunLog\n"
        "log, form = RunLog(Path(sys.argv[1]), 'run'), Record(**json.load(sys.stdin))\n"
        "for i in range(50): log.append(replace(form, sample_id=f'{sys.argv[2]}-{i}', output='x' * 20000))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    running = [subprocess.Popen([*command, str(i)], stdin=subprocess.PIPE, text=True) for i in range(4)]
    for process in running:
        json.dump(record("a", 1.0).to_json(), process.stdin)
        process.stdin.close()
    assert [process.wait() for process in running] == [0] * 4
    folder = tmp_path / "reports" / "runs" / "run"
    assert len((folder / "records.jsonl").read_text(encoding="utf-8").splitlines()) == 200
    assert len({r.sample_id for r in read_records(folder)}) == 200


def test_records_come_back_as_they_were_written(tmp_path):
    """Every field survives the log: text of any script, line separators, and half a character from a provider."""
    log = RunLog(tmp_path, "run")
    written = [record("a", 1.0, output=text) for text in ("é🙂", "line\nand\u2028line\x85", "half \ud83d")]
    for one in written:
        log.append(one)
    assert list(read_records(log.folder)) == written


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc/self/fd, which Linux has")
def test_a_log_that_nobody_holds_is_closed(tmp_path):
    """A process that opens a log again and again does not run out of file handles."""
    gc.collect()  # of what earlier tests left
    before = len(os.listdir("/proc/self/fd"))
    for name in ("a", "b", "c"):
        RunLog(tmp_path, "run").append(record(name, 1.0))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= before


def test_a_record_with_nan_is_refused(tmp_path):
    """NaN raises ValueError, because it is not valid JSON."""
    with pytest.raises(ValueError, match="JSON"):
        RunLog(tmp_path, "run").append(record("a", 1.0, latency_s=float("nan")))


def test_half_a_last_line_is_left_out_wherever_it_was_cut(tmp_path):
    """A process killed while writing loses only what it was writing: after a brace, or inside a character."""
    log = RunLog(tmp_path, "run")
    log.append(record("a", 1.0))
    path = log.folder / "records.jsonl"
    whole = path.read_bytes()
    more = json.dumps(record("ü", 1.0).to_json(), ensure_ascii=False).encode()
    for cut in range(1, len(more)):
        path.write_bytes(whole + more[:cut])
        assert [r.sample_id for r in read_records(log.folder)] == ["a"], more[:cut]


@pytest.mark.parametrize("line", ["{", "[]", "{}", "null and void"])
def test_a_broken_line_is_an_error_that_names_it(tmp_path, line):
    """A line before the last that is not a record raises an error that names it."""
    log = RunLog(tmp_path, "run")
    log.append(record("a", 1.0))
    with (log.folder / "records.jsonl").open("a", encoding="utf-8") as handle:
        handle.write(f"{line}\n")
    with pytest.raises(UsageError, match=r"records\.jsonl:2: not a record"):
        list(read_records(log.folder))


def test_fields_of_a_later_version_are_left_aside(tmp_path):
    """A log with a field that this version does not know can still be read."""
    log = RunLog(tmp_path, "run")
    log.append(record("a", 1.0))
    path = log.folder / "records.jsonl"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"later": 1}) + "\n", encoding="utf-8")
    assert [r.sample_id for r in read_records(log.folder)] == ["a"]


def test_a_run_without_records_says_so(tmp_path):
    """A folder without records.jsonl is a usage error."""
    with pytest.raises(UsageError, match=r"no records\.jsonl in this run"):
        list(read_records(tmp_path))


def test_the_folder_is_created_once_whatever_thread_comes_first(tmp_path):
    """The report opens it on one thread, the first record on another; both find its manifest."""

    def opens(number: int) -> str:
        barrier.wait()
        if number:
            log.open()
        else:
            log.append(record("a", 1.0))
        return (log.folder / "run.json").read_text()

    for round in range(20):
        log = RunLog(tmp_path, f"r{round}")
        barrier = threading.Barrier(8)
        with ThreadPoolExecutor(8) as pool:
            manifests = set(pool.map(opens, range(8)))
        assert len(manifests) == 1
        assert len(list(read_records(log.folder))) == 1
        assert sorted(path.name for path in log.folder.iterdir()) == ["records.jsonl", "run.json"]


def test_the_manifest_holds_no_secret(tmp_path):
    """A password in an address and the value of a secret option are masked in the manifest's command."""
    log = RunLog(tmp_path, "run", ["pytest", "--hl-base-url=http://u:hush@h/v1", "--api-token", "hush"])
    log.append(record("a", 1.0))
    assert "hush" not in (log.folder / "run.json").read_text(encoding="utf-8")
