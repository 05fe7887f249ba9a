"""A project with a scripted model, the current folder of the test, and a tracker of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.folder import Folder

from pytest_hiddenlayer.interface import tracker

SCRIPTED = {"provider": "scripted:replies.json"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """The project's folder; the tracker of the process begins and ends with the test."""
    made = Folder(tmp_path)
    made.write("pytest.ini", "[pytest]\n")
    made.replies()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tracker, "_tracker", None)
    yield made
    tracker.get_tracker().close()
