"""Logs of one JSON object per line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.io.jsonl import LineLog, append_line, raw_lines, read_from, read_lines, read_object_at


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "log.jsonl"


@pytest.mark.parametrize("cut", range(1, 10))
def test_an_incomplete_last_line_is_omitted_and_then_removed(path: Path, cut: int):
    """At every length; the next append removes it."""
    append_line(path, {"a": 1})
    with path.open("ab") as file:
        file.write('{"b": "é"}'.encode()[:cut])
    assert list(read_lines(path, "a thing")) == [(1, {"a": 1})]
    append_line(path, {"c": 3})
    assert path.read_bytes() == b'{"a": 1}\n{"c": 3}\n'


def test_a_last_line_that_only_lacks_its_line_feed_is_kept(path: Path):
    """It is complete."""
    append_line(path, {"a": 1})
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    append_line(path, {"b": 2})
    assert list(read_lines(path, "a thing")) == [(1, {"a": 1}), (2, {"b": 2})]


@pytest.mark.parametrize("line", ["5", "{"])
def test_another_malformed_line_is_an_error_with_file_and_line(path: Path, line: str):
    """Whether it is no JSON or no object."""
    append_line(path, {"a": 1})
    with path.open("a") as file:
        file.write(f"{line}\n")
    append_line(path, {"b": 2})
    with pytest.raises(UsageError, match=r"log\.jsonl:2: not a thing"):
        list(read_lines(path, "a thing"))


def test_an_incomplete_line_may_be_wanted(path: Path):
    """A file that is written in one step has none: then it is an error of whoever parses it."""
    path.parent.mkdir()
    path.write_bytes(b'{"a": 1}\n\n{"b"')
    assert list(raw_lines(path)) == [(1, b'{"a": 1}')]
    assert list(raw_lines(path, allow_incomplete=False)) == [(1, b'{"a": 1}'), (3, b'{"b"')]


def test_a_growing_log_is_read_from_where_reading_ended(path: Path):
    """Only complete lines are read, each once."""
    log = LineLog(path)
    log.append({"a": 1})
    objects, end = read_from(path, 0)
    assert objects == [{"a": 1}]
    with path.open("ab") as file:
        file.write(b'{"b"')
    assert read_from(path, end) == ([], end)
    log.append_all([{"c": 3}, {"d": 4}])
    assert read_from(path, end)[0] == [{"c": 3}, {"d": 4}]
    log.close()


@pytest.mark.parametrize("shared", [True, False])
def test_each_line_can_be_read_again_by_its_place(tmp_path: Path, shared: bool) -> None:
    """An append returns the byte at which each of its lines begins; a place that holds no line is an error."""
    path = tmp_path / "log.jsonl"
    log = LineLog(path, shared=shared)
    places = log.append_all([{"a": "ü"}, {"b": 2}]) + log.append_all([]) + log.append_all([{"c": "\ud800"}])
    log.close()
    with path.open("rb") as file:
        assert [read_object_at(file, place) for place in places] == [{"a": "ü"}, {"b": 2}, {"c": "\ud800"}]
        for wrong in (places[1] + 1, path.stat().st_size):
            with pytest.raises(UsageError, match=f"byte {wrong}: a JSON object is needed"):
                read_object_at(file, wrong)
