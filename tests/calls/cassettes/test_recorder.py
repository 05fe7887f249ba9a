"""Recording again, by several processes, and with interruptions."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest
from support.cassettes import ANSWER, REPLAYED, REQUEST, identity, record, spawn

from pytest_hiddenlayer.calls.cassettes.format import format_line
from pytest_hiddenlayer.calls.cassettes.replayer import Recorder, Replayer
from pytest_hiddenlayer.errors import UsageError


def test_a_call_recorded_again_replaces_its_line(tmp_path):
    """Only that line changes; calls that were not made again stay unchanged."""
    other = identity(replace(REQUEST, seed=8))
    record(tmp_path, (identity(), ANSWER), (other, ANSWER))
    before = (tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()
    record(tmp_path, (other, replace(ANSWER, text="four")))
    after = (tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()
    assert [line.replace('"four"', '"4"') for line in after] == before
    assert sum(line not in before for line in after) == 1


def test_recording_the_same_changes_nothing(tmp_path):
    """A cassette with equal content is not written."""
    record(tmp_path)
    before = (tmp_path / "mlx-nano-1.jsonl").stat()
    record(tmp_path)
    after = (tmp_path / "mlx-nano-1.jsonl").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_processes_record_into_one_folder(tmp_path):
    """Three processes at once lose nothing, and leave only the cassette."""
    running = [spawn(tmp_path, name) for name in "abc"]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["mlx-nano-1.jsonl"]
    replayer = Replayer(tmp_path)
    for name in "abc":
        for i in range(100):
            assert replayer.find("mlx", "nano-1", "", replace(REQUEST, sample_id=f"{name}{i}")).text == f"{name}{i}"


def test_a_killed_recorder_loses_nothing(tmp_path):
    """Its calls are replayed at once, and are in the cassette after the next recording."""
    assert spawn(tmp_path, "k", "kill").wait() == -9
    assert not (tmp_path / "mlx-nano-1.jsonl").exists()
    last = replace(REQUEST, sample_id="k99")
    assert Replayer(tmp_path).find("mlx", "nano-1", "", last).text == "k99"
    record(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mlx-nano-1.jsonl"]
    assert len((tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()) == 101


def test_an_incomplete_line_of_a_killed_recorder_is_omitted(tmp_path):
    """Its complete lines are used."""
    whole = format_line(identity(), ANSWER)
    (tmp_path / ".recording-0").write_bytes(whole + whole[:40])
    assert Replayer(tmp_path).find("mlx", "nano-1", "", REQUEST) == REPLAYED
    record(tmp_path, (identity(replace(REQUEST, seed=8)), ANSWER))
    assert len((tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()) == 2


def test_a_call_that_the_disk_refuses_damages_no_other(tmp_path, monkeypatch):
    """Half of its line is removed; the calls before and after it are in the cassette, and closing names it."""
    recorder, real = Recorder(tmp_path), os.write

    def half(handle: int, data: bytes) -> int:
        real(handle, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for seed in (1, 2, 3):
        monkeypatch.setattr(os, "write", half if seed == 2 else real)
        recorder.add(identity(replace(REQUEST, seed=seed)), ANSWER)
    with pytest.raises(UsageError, match="1 call is not recorded: No space left on device; free space"):
        recorder.close()
    assert len((tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()) == 2


def test_an_open_recorder_is_not_merged(tmp_path):
    """A recorder that closes merges its own calls, not those of another that is still open."""
    slow = Recorder(tmp_path)
    slow.add(identity(), ANSWER)
    record(tmp_path, (identity(replace(REQUEST, seed=8)), ANSWER))
    assert len((tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()) == 1
    slow.add(identity(replace(REQUEST, seed=9)), ANSWER)
    slow.close()
    assert len((tmp_path / "mlx-nano-1.jsonl").read_text().splitlines()) == 3


def test_a_closed_recorder_records_nothing(tmp_path):
    """Adding to it is an error; closing it again does nothing."""
    recorder = Recorder(tmp_path)
    recorder.close()
    recorder.close()
    with pytest.raises(UsageError, match="closed"):
        recorder.add(identity(), ANSWER)


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    """The error names the option and the folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"--record .*file/x: cannot write there"):
        Recorder(tmp_path / "file" / "x")
