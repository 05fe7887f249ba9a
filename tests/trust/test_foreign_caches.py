"""What another user of the machine can reach is not trusted: cache folders, answers, libraries, models."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from pytest_hiddenlayer.calls.cache.sqlite import open_cache
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.io.user_cache import close_to_others, is_private, private_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes of files")
needs_root = pytest.mark.skipif(
    sys.platform == "win32" or os.getuid() != 0, reason="needs root, to make files of another user"
)
ANOTHER_USER = 12345


def test_a_cache_folder_that_others_may_write_to_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """From then on, only its user writes there. A folder such as /tmp stays open: it keeps files from others."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "hiddenlayer" / "models").mkdir(parents=True)
    for folder in (tmp_path / "hiddenlayer", tmp_path / "hiddenlayer" / "models"):
        folder.chmod(0o777)
    made = private_folder("models", "m")
    assert [stat.S_IMODE(p.stat().st_mode) & 0o022 for p in (made, made.parent, made.parent.parent)] == [0, 0, 0]
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    close_to_others(shared, instead="")
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


@pytest.mark.parametrize("foreign", ["hiddenlayer", "hiddenlayer/models"])
@needs_root
def test_a_cache_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, foreign: str):
    """One sentence names the folder, its owner, and what to do."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / foreign).mkdir(parents=True)
    os.chown(tmp_path / foreign, ANOTHER_USER, ANOTHER_USER)
    with pytest.raises(UsageError, match=rf"{foreign} is not a folder .* of user {ANOTHER_USER}; set XDG_CACHE_HOME"):
        private_folder("models")


@needs_root
@pytest.mark.parametrize("what", ["folder", "file", "-wal"])
def test_a_response_cache_of_another_user_is_refused(tmp_path: Path, what: str):
    """Its answers could be that user's: one sentence says so, and names the variable to set."""
    path = tmp_path / "cache" / "responses.sqlite"
    path.parent.mkdir()
    open_cache(path).close()
    foreign = {"folder": path.parent, "file": path}.get(what, path.with_name(f"{path.name}-wal"))
    if not foreign.exists():
        foreign.write_bytes(b"")
    os.chown(foreign, ANOTHER_USER, ANOTHER_USER)
    with pytest.raises(UsageError, match=rf"user.* {ANOTHER_USER}.*HIDDENLAYER_CACHE"):
        open_cache(path)


def test_a_link_in_the_place_of_the_response_cache_is_refused(tmp_path: Path):
    """The file that it names is not created, and not changed."""
    (tmp_path / "responses.sqlite").symlink_to(tmp_path / "victim")
    with pytest.raises(UsageError, match="HIDDENLAYER_CACHE"):
        open_cache(tmp_path / "responses.sqlite")
    assert not (tmp_path / "victim").exists()


@needs_root
def test_a_file_of_another_user_is_not_private(tmp_path: Path):
    """A compiled library and a model are used only if no other user can have written them."""
    tmp_path.chmod(0o755)
    file = tmp_path / "library.so"
    file.write_bytes(b"")
    assert is_private(file)
    file.chmod(0o666)
    assert not is_private(file)
    file.chmod(0o600)
    os.chown(file, ANOTHER_USER, ANOTHER_USER)
    assert not is_private(file)
