"""The file of the labels, and a server of questions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.labelling import session

from pytest_hiddenlayer.analysis.annotation.label_server import LabelServer
from pytest_hiddenlayer.analysis.annotation.questions import Question


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the labels."""
    return tmp_path / "labels.jsonl"


@pytest.fixture
def serve(path: Path) -> Iterator[object]:
    """`serve(QUESTION, ...)`: a server of these questions, running until the test ends."""
    servers: list[LabelServer] = []

    def started(*questions: Question) -> LabelServer:
        server = LabelServer(session(path, *questions))
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()
