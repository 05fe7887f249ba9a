"""Locks between processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_hiddenlayer.io.locks import lock, locked, locked_folder, unlock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="nothing is locked on Windows")
HOLDER = """
import sys
from pytest_hiddenlayer.io.locks import lock
file = open(sys.argv[1])
assert lock(file.fileno())
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "file").touch()
    return tmp_path / "file"


def test_a_lock_is_held_until_it_is_released(path: Path):
    """Another handle does not get it meanwhile."""
    with path.open() as first, path.open() as second:
        assert lock(first.fileno())
        assert not lock(second.fileno(), wait=False)
        unlock(first.fileno())
        assert lock(second.fileno(), wait=False)


def test_a_block_holds_the_lock(path: Path):
    """It is released at the end."""
    with path.open() as first, path.open() as second:
        with locked(first.fileno()):
            assert not lock(second.fileno(), wait=False)
        assert lock(second.fileno(), wait=False)


def test_the_death_of_a_process_releases_its_lock(path: Path):
    """Even if it is killed."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    with holder.stdin, holder.stdout, path.open() as file:
        assert holder.stdout.readline() == "locked\n"
        assert not lock(file.fileno(), wait=False)
        holder.kill()
        holder.wait()
        assert lock(file.fileno(), wait=False)


def test_a_folder_is_locked_without_a_file_in_it(tmp_path: Path):
    """Folders of cassettes are committed, and may be read-only."""
    tmp_path.chmod(0o500)
    with locked_folder(tmp_path):
        assert list(tmp_path.iterdir()) == []
    tmp_path.chmod(0o700)
