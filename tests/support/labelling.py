"""Questions, sessions and requests for the tests of `hiddenlayer label`."""

from __future__ import annotations

import http.client
from pathlib import Path

from pytest_hiddenlayer.analysis.annotation.label_server import LabelServer
from pytest_hiddenlayer.analysis.annotation.questions import Question
from pytest_hiddenlayer.analysis.annotation.session import LabelingSession
from pytest_hiddenlayer.analysis.answers import PlayerAnswer

from .records import record

RUN = "20260101T000000Z-aaaaaaaa"


def answer(name: str, output: str, at: int = 0) -> PlayerAnswer:
    """An answer of player `name` to sample `at`."""
    made = record(f"s{at}", 1.0, output=output, label=name, key=f"{name}{at}", input=f"question {at}", run_id=RUN)
    return PlayerAnswer(player=f"{name}@scripted:m", run_id=RUN, record=made)


def pair(at: int = 0, shown: str = "ab", outputs: tuple[str, str] = ("short", "long")) -> Question:
    """A question about two answers."""
    return Question(
        kind="pairwise", a=answer("debate", outputs[0], at), b=answer("single", outputs[1], at), shown=shown
    )


def session(path: Path, *questions: Question) -> LabelingSession:
    """A session of the rater ann."""
    return LabelingSession.begin(path, "ann", questions, lambda: "2026-01-01T00:00:00+00:00")


def ask(
    server: LabelServer, method: str, where: str, body: str = "", **headers: str
) -> tuple[int, str, dict[str, str]]:
    """(status, text, headers) of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, where, body or None, named)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def post(server: LabelServer, form: str) -> int:
    """The status of a form sent to the page's own address."""
    return ask(server, "POST", f"/{server.token}/answer", form)[0]
