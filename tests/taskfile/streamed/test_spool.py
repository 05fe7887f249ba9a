"""Data files with more samples than the memory is meant to hold: same samples, same errors."""

from __future__ import annotations

import gc
import io
import itertools
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.folder import Folder

from pytest_hiddenlayer.errors import TaskError
from pytest_hiddenlayer.options import limited
from pytest_hiddenlayer.session.answers.item_names import refuse_clashes
from pytest_hiddenlayer.taskfile.load import load_task
from pytest_hiddenlayer.taskfile.streamed.spool import CHUNK, SpooledSamples, sample_ids
from pytest_hiddenlayer.types import Task

N = 2 * CHUNK + 5


def jsonl(rows: list[str]) -> dict[str, str]:
    return {"rows.jsonl": "\n".join(rows) + "\n"}


def csv(rows: list[tuple[str, str, str]]) -> dict[str, str]:
    lines = [",".join(row) for row in [("id", "input", "target"), *rows]]
    return {"rows.csv": "\n".join(lines) + "\n"}


GOOD = {
    "jsonl": jsonl([f'{{"id": "r{i}", "input": "q{i}", "target": "{i}", "level": {i}.50}}' for i in range(N)]),
    "csv": csv([(f"r{i}", f"q{i}", str(i)) for i in range(N)]),
    "without ids": jsonl([f'{{"input": "q{i}", "target": "{i}"}}' for i in range(N)]),
}


def both(folder: Folder, files: dict[str, str], **form: Any) -> tuple[Callable[[], Task], Callable[[], Task]]:
    """What loads the task with its samples in memory, and what loads it with samples on disk."""
    for name, text in files.items():
        folder.write(f"evals/{name}", text)
    path = folder.task(samples=next(iter(files)), **form)
    return lambda: load_task(path, folder.path), lambda: load_task(path, folder.path, in_memory=CHUNK)


@pytest.mark.parametrize("kind", GOOD)
def test_samples_on_disk_are_those_in_memory(folder: Folder, kind: str) -> None:
    """Iterated, by index, in part, their ids and the task's hash: all the same as of samples in memory."""
    whole, spooled = (load() for load in both(folder, GOOD[kind]))
    assert isinstance(whole.samples, tuple)
    assert isinstance(spooled.samples, SpooledSamples)
    assert list(spooled.samples) == list(whole.samples)
    assert [one.location for one in spooled.samples] == [one.location for one in whole.samples]
    assert len(spooled.samples) == N
    assert spooled.hash == whole.hash
    for index in (0, CHUNK, N - 1, -1):
        assert spooled.samples[index] == whole.samples[index]
    assert list(sample_ids(spooled.samples)) == list(sample_ids(whole.samples))
    for limit in (1, CHUNK, CHUNK + 1, N, N + 9):
        first, expected = limited(spooled, limit).samples, limited(whole, limit).samples
        assert list(first) == list(expected)
        assert list(sample_ids(first)) == [one.id for one in expected]
    assert list(spooled.samples[5:9][1:3]) == list(whole.samples[6:8])
    assert list(spooled.samples[::-1][:3]) == list(whole.samples[::-1][:3])


def test_two_readers_do_not_disturb_each_other(folder: Folder) -> None:
    """Two cells iterate over the same samples at once, each from its own place."""
    _, spooled = both(folder, GOOD["jsonl"])
    samples = spooled().samples
    late = itertools.islice(samples, CHUNK + 1, None)
    assert [(one.id, two.id) for one, two in zip(samples, late, strict=False)][:: CHUNK // 2] == [
        ("r0", f"r{CHUNK + 1}"),
        (f"r{CHUNK // 2}", f"r{CHUNK + CHUNK // 2 + 1}"),
        (f"r{CHUNK}", f"r{2 * CHUNK + 1}"),
    ]


FAULTY = {
    "a repeated id": [*GOOD["csv"]["rows.csv"].splitlines(), "r7,again,7"],
    "an id that is a row number": [*GOOD["csv"]["rows.csv"].splitlines(), "266,x,1", "r8,y,2", ",z,3"],
    "a row with too few cells": [*GOOD["csv"]["rows.csv"].splitlines(), "r900,only"],
    "no input": [*GOOD["csv"]["rows.csv"].splitlines(), "r900,,1", "r901,,1"],
    "eleven faults": [*GOOD["csv"]["rows.csv"].splitlines(), *(f"r{i},again,7" for i in range(20))],
}


@pytest.mark.parametrize("fault", FAULTY)
def test_the_errors_are_those_of_samples_in_memory(folder: Folder, fault: str) -> None:
    """A fault near the end of a large file is the same error, with the same lines, and comes before any answer."""
    messages = []
    for load in both(folder, {"rows.csv": "\n".join(FAULTY[fault]) + "\n"}):
        with pytest.raises(TaskError) as error:
            load()
        messages.append(str(error.value))
    assert messages[0] == messages[1]
    assert "rows.csv" in messages[0]


def test_a_change_of_the_file_does_not_reach_the_run(folder: Folder) -> None:
    """Rows are read and checked once: what is written into the file afterwards changes no sample of the run."""
    _, spooled = both(folder, GOOD["jsonl"])
    samples = spooled().samples
    folder.write("evals/rows.jsonl", "no JSON any more")
    assert [one.id for one in samples][-1] == f"r{N - 1}"


def test_a_full_disk_is_one_clear_error(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the folder of temporary files is full, the error names it and what to do."""
    _, spooled = both(folder, GOOD["jsonl"])

    def full() -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with pytest.raises(TaskError, match=r"rows.jsonl: .*No space left on device; free space there, or name another"):
        spooled()


class FullDisk(io.BytesIO):
    """Takes what is written, and fails when it is closed, as a buffered file on a full disk."""

    def close(self) -> None:
        super().close()
        raise OSError(28, "No space left on device")


def test_the_end_of_samples_on_a_full_disk_prints_no_traceback(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Samples whose last bytes do not fit on the disk end without an `Exception ignored in ...` on stderr."""
    _, spooled = both(folder, GOOD["jsonl"])
    unraisable: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)
    monkeypatch.setattr(tempfile, "TemporaryFile", FullDisk)
    task = spooled()
    del task
    gc.collect()
    assert not [one for one in unraisable if "SpooledSamples" in repr(one.object)]


@pytest.mark.parametrize("ids", [("a[1]", "a(1)"), ("a(1)", "a[1]"), ("gate",), ("a[1]", "b", "a(1)")])
def test_ids_that_would_share_an_item_are_refused(folder: Folder, ids: tuple[str, ...]) -> None:
    """Of two ids whose items would have one name, the later one is refused, on disk and in memory."""
    files = csv([*((f"r{i}", "q", "1") for i in range(N)), *((name, "q", "1") for name in ids)])
    messages = []
    for load in both(folder, files):
        with pytest.raises(TaskError, match="would have the same item") as error:
            refuse_clashes(load())
        messages.append(str(error.value))
    assert messages[0] == messages[1]
    assert repr(ids[-1]) in messages[0]


def test_recorded_outputs_of_a_large_file(folder: Folder) -> None:
    """`outputs` of samples on disk are checked against their ids, and recorded debates reach their samples."""
    rows = "".join(f'{{"id": "r{i}", "samples": ["{i}", "x"]}}\n' for i in range(N))
    folder.write("evals/recorded.jsonl", rows)
    whole, spooled = (load() for load in both(folder, GOOD["jsonl"], outputs="recorded.jsonl"))
    assert isinstance(spooled.samples, SpooledSamples)
    assert spooled.samples[N - 1].recording == whole.samples[N - 1].recording
    assert spooled.samples[N - 1].recording is not None
    folder.write("evals/recorded.jsonl", rows + '{"id": "r9999", "output": "1"}\n')
    with pytest.raises(TaskError, match="r9999"):
        load_task(folder.path / "evals/sums.yaml", Path(folder.path), in_memory=CHUNK)
