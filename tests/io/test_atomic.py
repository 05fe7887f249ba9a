"""A file is replaced in one step."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_hiddenlayer.io.atomic import replacing, write_json, write_text


@pytest.mark.parametrize("sync", [False, True])
def test_a_file_is_replaced_when_the_block_ends(tmp_path: Path, sync: bool):
    """Until then a reader sees the old content; no temporary file stays."""
    path = tmp_path / "file"
    path.write_text("old")
    with replacing(path, sync=sync) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_in_the_block_keeps_the_old_file(tmp_path: Path):
    """The temporary file is deleted."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as file:
        file.write(b"%d" % (1 // 0))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_place_of_the_temporary_file_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Even if somebody guesses its name, the file that the link names is not written."""
    monkeypatch.setattr("pytest_hiddenlayer.io.atomic.secrets.token_hex", lambda n: "00")
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / ".file.00.tmp").symlink_to(victim)
    with pytest.raises(FileExistsError), replacing(tmp_path / "file"):
        pass
    assert victim.read_text() == "untouched"


def test_text_may_contain_a_lone_surrogate(tmp_path: Path):
    """It becomes its JSON escape; the folder is created."""
    write_text(tmp_path / "deep" / "file", "é\ud800")
    assert (tmp_path / "deep" / "file").read_bytes() == b"\xc3\xa9\\ud800"


def test_nan_is_not_written(tmp_path: Path):
    """It is not JSON; the old file stays."""
    path = tmp_path / "file"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert path.read_text() == '{\n  "a": 1\n}\n'
