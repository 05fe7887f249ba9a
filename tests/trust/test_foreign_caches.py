"""What another user of the machine can reach is not trusted: cache folders, answers, libraries, models."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from pytest_hiddenlayer.calls.cache.sqlite import open_cache
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.io import user_cache
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


def test_a_link_of_this_user_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A cache folder, or the models in it, may be on a larger disk."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "disk" / "models").mkdir(parents=True, mode=0o700)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "hiddenlayer").symlink_to(tmp_path / "disk")
    file = private_folder("models", "m") / "model.gguf"
    file.write_bytes(b"weights")
    file.with_name("link.gguf").symlink_to(file)
    assert (tmp_path / "disk" / "models" / "m" / "model.gguf").is_file()
    assert is_private(file)
    assert is_private(file.with_name("link.gguf"))


@needs_root
@pytest.mark.parametrize("foreign", ["link", "target"])
def test_a_link_of_another_user_or_to_its_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, foreign: str
):
    """Whoever made it chose the folder, and can choose another one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "target").mkdir()
    (tmp_path / "hiddenlayer").symlink_to(tmp_path / "target")
    name = "hiddenlayer" if foreign == "link" else "target"
    os.chown(tmp_path / name, ANOTHER_USER, ANOTHER_USER, follow_symlinks=False)
    with pytest.raises(UsageError, match="is not a folder of this user"):
        private_folder()
    (tmp_path / "own").mkdir()
    if foreign == "link":
        (tmp_path / "own" / "m").symlink_to(__file__)
        os.chown(tmp_path / "own" / "m", ANOTHER_USER, ANOTHER_USER, follow_symlinks=False)
        assert not is_private(tmp_path / "own" / "m")


@needs_root
def test_root_in_a_container_uses_the_cache_of_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The home folder of a CI job often belongs to the host's user, who could change everything in it anyway."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    (home / ".cache" / "hiddenlayer").mkdir(parents=True)
    for folder in (home, home / ".cache", home / ".cache" / "hiddenlayer"):
        os.chown(folder, ANOTHER_USER, ANOTHER_USER)
    file = private_folder() / "responses.sqlite"
    open_cache(file).close()
    os.chown(file, ANOTHER_USER, ANOTHER_USER)
    open_cache(file).close()
    assert is_private(file)


def _file_system(monkeypatch: pytest.MonkeyPatch, *, owner: int) -> None:
    """Every file has one owner and is open to all, and its mode cannot be changed: a drive of Windows in WSL, say."""

    def refuse(*arguments: object, **keywords: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    shown = os.stat_result((stat.S_IFREG | 0o777, 1, 1, 1, owner, owner, 0, 0, 0, 0))
    monkeypatch.setattr(user_cache, "_new_file", lambda folder: shown)
    monkeypatch.setattr(os, "fchmod", refuse)
    monkeypatch.setattr(Path, "chmod", refuse)


@pytest.mark.parametrize("owner", ["own", pytest.param("another", marks=needs_root)])
def test_a_file_system_without_owners_and_modes_can_hold_caches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: str
):
    """Otherwise, nobody could use a drive of Windows or a network share."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    files = [tmp_path / "hiddenlayer" / name for name in ("responses.sqlite", "model.gguf")]
    files[0].parent.mkdir()
    open_cache(files[0]).close()
    files[1].write_bytes(b"weights")
    uid = os.getuid() if owner == "own" else ANOTHER_USER
    for path in (files[0].parent, *files):
        path.chmod(0o777)
        os.chown(path, uid, -1)
    _file_system(monkeypatch, owner=uid)
    assert private_folder() == files[0].parent
    open_cache(files[0]).close()
    assert is_private(files[1])


def test_a_group_of_its_own_may_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With umask 002, which most systems with such groups have, a model is fetched once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = private_folder("models") / "model.gguf"
    model.write_bytes(b"weights")
    model.chmod(0o664)
    model.parent.chmod(0o775)
    monkeypatch.setattr(user_cache, "_is_private_group", lambda gid: True)
    private_folder("models")
    assert is_private(model)
    monkeypatch.setattr(user_cache, "_is_private_group", lambda gid: False)
    assert not is_private(model)


def test_a_folder_that_cannot_be_closed_or_made_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It names the folder and the variable to set."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "hiddenlayer").mkdir()
    (tmp_path / "hiddenlayer").chmod(0o777)
    with monkeypatch.context() as context:
        context.setattr(Path, "chmod", lambda *arguments: os.chmod(tmp_path / "missing", 0o700))
        with pytest.raises(UsageError, match=r"others may write to it, which cannot be changed.*XDG_CACHE_HOME"):
            private_folder()
    monkeypatch.setenv("XDG_CACHE_HOME", str(Path(__file__)))
    with pytest.raises(UsageError, match=r"cannot be made.*XDG_CACHE_HOME"):
        private_folder()
