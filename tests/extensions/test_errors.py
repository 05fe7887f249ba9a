"""An exception of a user's code is shown with the user's file and line."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from pytest_hiddenlayer.errors import ProviderError
from pytest_hiddenlayer.extensions.errors import (
    MAX_TRACEBACK,
    describe_error,
    error_location,
    error_traceback,
    is_user_error,
)

SOURCE = """import json


def fails():
    raise ValueError("no")


def fails_in_a_library():
    json.loads("{")


class Odd(Exception):
    def __str__(self):
        raise RuntimeError


def odd():
    raise Odd


def long():
    raise ValueError("x" * 100_000)
"""


def raised(folder: Path, name: str) -> BaseException:
    """The exception of a function of a user's file."""
    path = folder / "mine.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("mine", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.raises(Exception) as caught:  # noqa: PT011
        getattr(module, name)()
    caught.value.__traceback__ = caught.value.__traceback__.tb_next  # without this test's own frame
    return caught.value


def test_an_error_is_described_with_its_place(tmp_path, monkeypatch):
    """Type, message, file relative to the current folder, and line."""
    monkeypatch.chdir(tmp_path)
    assert describe_error(raised(tmp_path, "fails")) == "ValueError: no (mine.py:5)"


def test_an_error_in_a_library_is_placed_where_the_user_called_it(tmp_path):
    """The user's own line is the innermost that the user can change."""
    assert error_location(raised(tmp_path, "fails_in_a_library")) == f"{tmp_path / 'mine.py'}:9"


def test_an_error_without_a_text_of_its_own_is_described(tmp_path):
    """A `__str__` that raises does not hide the error."""
    assert describe_error(raised(tmp_path, "odd")).startswith("Odd: its text cannot be had (RuntimeError)")
    assert "Odd" in error_traceback(raised(tmp_path, "odd"))


def test_an_error_of_no_file_has_no_place():
    """There is nothing to point at."""
    assert describe_error(ValueError("no")) == "ValueError: no"
    assert describe_error(ValueError()) == "ValueError"
    assert not is_user_error(ProviderError("busy"))


def test_a_traceback_begins_with_the_users_code(tmp_path):
    """And ends with the error."""
    text = error_traceback(raised(tmp_path, "fails"))
    assert text.splitlines()[1].strip().startswith(f'File "{tmp_path / "mine.py"}", line 5')
    assert text.endswith("ValueError: no")
    assert "pytest_hiddenlayer" not in text


def test_a_traceback_is_bounded(tmp_path):
    """Its end is kept."""
    assert len(error_traceback(raised(tmp_path, "long"))) < MAX_TRACEBACK + 100
