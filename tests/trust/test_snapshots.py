"""A snapshot is the old or the new one, whole, whoever else writes it and whenever a run dies."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from support.folder import ENVIRONMENT, Folder
from support.records import CONFIG, record
from support.special_files import endless, pipe
from support.trust_scale import times
from support.write_steps import full_disk, killed_in_child, step

from pytest_hiddenlayer.errors import SnapshotError, UsageError
from pytest_hiddenlayer.io.locks import lock
from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.regression import snapshot_update
from pytest_hiddenlayer.results.regression.snapshot_reader import read_snapshot
from pytest_hiddenlayer.results.regression.snapshot_update import update_snapshot

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, and locks of folders")
SAMPLES = tuple(f"s{at}" for at in range(6))
CONFLICT = "<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n"


def measured(value: float, *selected: str) -> CellMetrics:
    """The cell of a run that answered these samples, by default all, each with this score."""
    chosen = selected or SAMPLES
    config = replace(CONFIG, total=len(SAMPLES), selected=chosen)
    return compute_metrics(config, [record(name, value) for name in chosen])


def snapshot(root: Path) -> Path:
    """The only snapshot."""
    (path,) = (root / "snapshots").glob("*/*.json")
    return path


def scores(root: Path) -> dict[str, float]:
    """Sample → score, of the only snapshot, which is valid."""
    return {name: sample["score"] for name, sample in read_snapshot(snapshot(root))["samples"].items()}


def left_over(root: Path) -> list[str]:
    """Files in the folder besides the snapshot."""
    return [path.name for path in snapshot(root).parent.iterdir() if path != snapshot(root)]


def each_step(act: Callable[[int], bool]) -> Iterator[int]:
    """Act at step 1, 2, … of writing until a step is not reached."""
    for at in range(1, 200):
        if not act(at):
            return
        yield at
    raise AssertionError("writing does not end")


def test_a_full_disk_at_any_step_leaves_the_old_snapshot_or_the_new_one(tmp_path: Path):
    """At step n = 1, 2, … until none fails: one error, valid JSON, all samples old or all new, no other file."""
    update_snapshot(tmp_path, measured(0.0))
    new, steps = 1.0, 0

    def fail(at: int) -> bool:
        with step(at, full_disk) as found, suppress(OSError):
            update_snapshot(tmp_path, measured(new))
        return found.reached

    for at in each_step(fail):
        assert set(scores(tmp_path).values()) in ({0.0}, {1.0}), at
        assert scores(tmp_path).keys() == set(SAMPLES), at
        assert left_over(tmp_path) == [], at
        steps = at
        update_snapshot(tmp_path, measured(0.0))
    assert steps >= 3  # it is opened, synchronized and put in place


def test_a_kill_at_any_step_leaves_the_old_snapshot_or_the_new_one(tmp_path: Path):
    """At step n = 1, 2, … until none is reached; the next run removes what the killed one left."""
    update_snapshot(tmp_path, measured(0.0))
    left, steps = 0, 0
    for at in each_step(lambda at: killed_in_child(at, lambda: update_snapshot(tmp_path, measured(1.0)))):
        assert set(scores(tmp_path).values()) in ({0.0}, {1.0}), at
        assert scores(tmp_path).keys() == set(SAMPLES), at
        left += bool(left_over(tmp_path))
        steps = at
        update_snapshot(tmp_path, measured(0.0))
        assert left_over(tmp_path) == [], at
    assert steps >= 3
    assert left >= 1  # or this test kills nobody while the temporary file exists


def test_of_two_partial_updates_at_once_both_are_kept(tmp_path: Path):
    """A run of s1 that writes while one of s0 has read the file and not yet written it loses no line."""
    update_snapshot(tmp_path, measured(0.0))
    for _ in range(times(4, 50)):
        update_snapshot(tmp_path, measured(0.0))
        children = [_forked(lambda name=name: update_snapshot(tmp_path, measured(1.0, name))) for name in SAMPLES]
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(SAMPLES)
        assert scores(tmp_path) == dict.fromkeys(SAMPLES, 1.0)
        assert left_over(tmp_path) == []


def _forked(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def test_a_run_that_was_stopped_while_it_writes_blocks_no_other_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """After the time that is waited for a lock, one error names the folder, and nothing is written."""
    update_snapshot(tmp_path, measured(0.0))
    monkeypatch.setattr(snapshot_update, "LOCK_S", 0.0)
    handle = os.open(snapshot(tmp_path).parent, os.O_RDONLY)
    try:
        assert lock(handle)
        with pytest.raises(OSError, match="another process holds the lock of its folder"):
            update_snapshot(tmp_path, measured(1.0))
    finally:
        os.close(handle)
    assert scores(tmp_path) == dict.fromkeys(SAMPLES, 0.0)


def _conflict(path: Path) -> None:
    path.write_text(CONFLICT.format(text=path.read_text()))


def _no_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe{")


def _cut_off(path: Path) -> None:
    path.write_text(path.read_text()[:100])


def _replaced_by(special: Callable[[Path], None]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.unlink()
        special(path)

    damage.__name__ = special.__name__
    return damage


DEVICE, FOLDER = _replaced_by(endless), _replaced_by(Path.mkdir)
DAMAGES = [_conflict, _no_text, _replaced_by(pipe), DEVICE, FOLDER, _cut_off]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
def test_a_partial_update_never_replaces_a_snapshot_that_cannot_be_read(tmp_path: Path, damage):
    """The lines of the other samples would be lost: one error says so, and the file stays as it is."""
    update_snapshot(tmp_path, measured(0.0))
    path = snapshot(tmp_path)
    damage(path)
    kind, before = stat.S_IFMT(path.lstat().st_mode), path.read_bytes() if path.is_file() else b""
    with pytest.raises((SnapshotError, UsageError), match=r"the others would be lost|leads out of the project"):
        update_snapshot(tmp_path, measured(1.0, "s1"))
    assert stat.S_IFMT(path.lstat().st_mode) == kind
    assert (path.read_bytes() if path.is_file() else b"") == before


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__.strip("_"))
@pytest.mark.slow
def test_no_snapshot_ends_a_run_in_an_internal_error(sums: Folder, damage):
    """Comparing with it, or updating all or a part of it, ends in a sentence that names it, or in a new snapshot."""
    sums.run("--snapshot-update")
    path = sums.snapshot()
    damage(path)
    for options in ([], ["--snapshot-update", "-k", "s1"], ["--snapshot-update"]):
        printed = sums.run(*options)
        text = "\n".join([*printed.outlines, *printed.errlines])
        assert "INTERNALERROR" not in text
        assert "Traceback" not in text
        assert path.name in text or printed.ret == 0, options
    assert printed.ret == (1 if damage in (DEVICE, FOLDER) else 0)
    if printed.ret == 0:
        assert set(read_snapshot(path)["samples"]) == {"s0", "s1", "s2"}


def test_markers_of_a_merge_are_named_with_their_line(tmp_path: Path):
    """The error says which file, which line and what to do."""
    update_snapshot(tmp_path, measured(0.0))
    _conflict(snapshot(tmp_path))
    with pytest.raises(SnapshotError, match=r"s\.json:1: two branches changed this snapshot.* --snapshot-update"):
        read_snapshot(snapshot(tmp_path), "s.json")


def test_what_cannot_be_written_is_one_sentence_with_what_to_do(sums: Folder):
    """A folder in the place of the snapshot: exit status 1, the table, and no option that would not help."""
    sums.run("--snapshot-update")
    FOLDER(sums.snapshot())
    printed = sums.run("--snapshot-update")
    assert printed.ret == 1
    assert sum("could not be written: Is a directory" in line for line in printed.outlines) == 1
    assert any("run again with --snapshot-update" in line for line in printed.outlines)
    assert not any("--hl-reports" in line for line in printed.outlines)
    assert any("3/3" in line for line in printed.outlines)


def _updating(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", "evals", "--hl-provider", "scripted:replies.json", "--snapshot-update"]
    return subprocess.Popen(
        [*command, "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def _ended(runs: list[subprocess.Popen[bytes]]) -> None:
    for run in runs:
        printed, _ = run.communicate()
        assert run.returncode == 0, printed.decode()


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ([], []),
        (["-k", "s0 or s1"], ["-k", "s2 or gate"]),
        (["-n", "4"], ["-n", "4"]),
        (["-k", "sums"], ["-k", "more"]),
    ],
    ids=["same task", "parts of a task", "four workers each", "different tasks"],
)
def test_two_runs_that_update_at_once_lose_no_line(folder: Folder, options: tuple[list[str], list[str]]):
    """Both end with 0; every snapshot is valid, whole, and holds what either of them measured."""
    for name in ("sums", "more"):
        folder.task(name)
    folder.replies()
    folder.run("--snapshot-update")
    whole = {path: path.read_bytes() for path in (folder.path / "snapshots").rglob("*.json")}
    assert len(whole) == 2
    for _ in range(times(1, 25)):
        for path in whole:  # as if nothing had been right before
            path.write_bytes(whole[path].replace(b'"answer": "a', b'"answer": "b'))
        _ended([_updating(folder.path, *chosen) for chosen in options])
        assert {path: json.loads(path.read_bytes())["samples"] for path in whole} == {
            path: json.loads(text)["samples"] for path, text in whole.items()
        }
        assert sorted((folder.path / "snapshots").rglob("*.*")) == sorted(whole)


@pytest.mark.slow
def test_snapshots_of_syrupy_itself_are_left_alone(sums: Folder):
    """A test's own `.ambr` file keeps its bytes when cells are updated, and is updated when its test is."""
    sums.write("test_own.py", "def test_own(snapshot):\n    assert {'a': 1} == snapshot\n")
    sums.plain("test_own.py", "--snapshot-update")
    own = next(sums.path.rglob("*.ambr"))
    before = own.read_bytes()
    sums.run("--snapshot-update")
    assert own.read_bytes() == before
    both = sums.plain("test_own.py", "evals", "--hl-provider", "scripted:replies.json", "--snapshot-update")
    assert both.ret == 0
    assert own.read_bytes() == before
    assert sums.snapshot().is_file()


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 64 kB."""
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0 or not shutil.which("mount"), reason="needs root")
def test_a_disk_that_is_really_full_keeps_the_old_snapshot(tmp_path: Path):
    """The new text does not fit: one error, the old snapshot, and nothing else in its folder."""
    with _small_disk(tmp_path / "disk") as root:
        update_snapshot(root, measured(0.0))
        with (root / "filler").open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b" " * 512):
                pass
        with pytest.raises(OSError, match="No space left on device"):
            update_snapshot(root, measured(1.0))
        assert scores(root) == dict.fromkeys(SAMPLES, 0.0)
        assert left_over(root) == []
