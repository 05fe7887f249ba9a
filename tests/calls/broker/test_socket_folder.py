"""The socket of a run: a short path, and nothing left of runs that were killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pytest_hiddenlayer.calls.broker import socket_folder
from pytest_hiddenlayer.calls.broker.socket_folder import MAX_PATH_BYTES, remove_abandoned, socket_path

OLD_S = 1_000_000_000


def dead_pid() -> int:
    """The id of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def abandoned(folder: Path, name: str) -> Path:
    """A folder with a socket that nobody listens to, last used long ago."""
    path = folder / name
    path.mkdir()
    with socket.socket(socket.AF_UNIX) as unused:
        unused.bind(str(path / "s"))
    os.utime(path, (OLD_S, OLD_S))
    return path


@pytest.fixture
def short_folder():
    """A folder whose path leaves room for a socket."""
    with tempfile.TemporaryDirectory(prefix="hlt") as name:
        yield Path(name)


@pytest.mark.parametrize("length", [1, 60, 90, 200])
def test_the_path_fits_whatever_tmpdir_is(monkeypatch, tmp_path, length):
    """A socket can be bound even if TMPDIR has a long path."""
    long = tmp_path / ("d" * length)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    path = socket_path("20260101T000000Z-0123abcd")
    assert len(os.fsencode(path)) <= MAX_PATH_BYTES
    assert path.name == "s"
    assert path.parent.name.startswith("hl-0123abcd-")


def test_the_folder_for_temporary_files_is_preferred(monkeypatch, short_folder):
    """TMPDIR is used if its path is short enough."""
    monkeypatch.setattr(tempfile, "tempdir", str(short_folder))
    assert socket_path("r").parent.parent == short_folder


def test_folders_of_dead_runs_are_removed(short_folder):
    """A run that was killed leaves its folder; the next run removes it."""
    path = abandoned(short_folder, f"hl-0123abcd-{dead_pid()}")
    remove_abandoned(short_folder)
    assert not path.exists()


def test_what_may_be_in_use_stays(monkeypatch, short_folder):
    """A running process, a listening socket, a fresh folder, another user's and another name are left alone."""
    pid = dead_pid()
    running = abandoned(short_folder, f"hl-0123abcd-{os.getpid()}")
    fresh = abandoned(short_folder, f"hl-aaaaaaaa-{pid}")
    os.utime(fresh)
    other = abandoned(short_folder, f"hl-something-else-{pid}")
    listening = short_folder / f"hl-bbbbbbbb-{pid}"
    listening.mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(listening / "s"))
        server.listen()
        os.utime(listening, (OLD_S, OLD_S))
        remove_abandoned(short_folder)
        assert all(path.is_dir() for path in (running, fresh, other, listening))
    uid = os.getuid()
    monkeypatch.setattr(socket_folder.os, "getuid", lambda: uid + 1)
    remove_abandoned(short_folder)
    assert listening.is_dir()


def test_a_link_is_not_followed(short_folder, tmp_path):
    """A link with the name of a socket's folder is not removed, nor what it points to."""
    kept = tmp_path / "kept"
    kept.mkdir()
    link = short_folder / f"hl-0123abcd-{dead_pid()}"
    link.symlink_to(kept)
    os.utime(link, (OLD_S, OLD_S), follow_symlinks=False)
    remove_abandoned(short_folder)
    assert kept.is_dir()
    assert link.is_symlink()


def test_workers_run_under_a_long_tmpdir(sums, monkeypatch):
    """`-n 2` works if TMPDIR has a path of more than a hundred characters."""
    long = sums.path / ("t" * 120)
    long.mkdir()
    sums.write("conftest.py", f"import os, tempfile\nos.environ['TMPDIR'] = tempfile.tempdir = {str(long)!r}\n")
    sums.run("-n", "2", "--hl-gate", "off").assert_outcomes(passed=3)
