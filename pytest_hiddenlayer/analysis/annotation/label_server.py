"""Serves the page of blind questions to this computer only.

The page's policy keeps it from loading anything, sending forms elsewhere, and being framed.
"""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

from ...loopback_server import LoopbackHandler, LoopbackServer
from .label_page import done_page, question_page
from .session import LabelingSession

MAX_BODY = 64 * 1024
_COUNT = re.compile("[0-9]{1,9}")
"""Bytes of a form."""


class LabelServer(LoopbackServer):
    """Serves one session on a free port of 127.0.0.1. Use it as a context manager to close it."""

    def __init__(self, session: LabelingSession) -> None:
        super().__init__(_Handler)
        self.session, self.lock = session, threading.Lock()


class _Handler(LoopbackHandler):
    server: LabelServer
    other_origins = ("null",)  # what a browser sends with a form of a page that sends no referrer

    def do_GET(self) -> None:
        """Send the page of the current question."""
        if self._is_allowed(""):
            with self.server.lock:
                self._send(question_page)

    def do_POST(self) -> None:
        """Accept an answer, or shut the server down."""
        if self.path.endswith("/done"):
            self._done()
        elif self._is_allowed("answer"):
            with self.server.lock:
                accepted = apply_form(self.server.session, self._form())
            if accepted:
                self.send_response(HTTPStatus.SEE_OTHER)
                self.send_header("Location", f"/{self.server.token}/")
                self.end_headers()
            else:
                self.send_error(HTTPStatus.BAD_REQUEST)

    def _done(self) -> None:
        if self._is_allowed("done"):
            self._send(done_page)
            self.server.shutdown()

    def _is_allowed(self, name: str) -> bool:
        """Whether the request is for this page under its own host. If not, sends the error response."""
        route = self.route()
        if route is not None and route != name:
            self.send_error(HTTPStatus.NOT_FOUND)
        return route == name

    def _form(self) -> dict[str, str]:
        """The fields of the request; empty if they are too long or cannot be read."""
        length = self.headers.get("Content-Length", "")
        if not _COUNT.fullmatch(length) or int(length) > MAX_BODY:
            return {}
        try:
            fields = parse_qs(self.rfile.read(int(length)).decode(), keep_blank_values=True, max_num_fields=8)
        except ValueError:
            return {}
        return {name: values[-1] for name, values in fields.items()}

    def _send(self, make_page: Callable[[LabelingSession, str], str]) -> None:
        """Send the page of the session with a fresh nonce."""
        nonce = secrets.token_urlsafe(16)
        body = make_page(self.server.session, nonce).encode("utf-8", "replace")
        self.send_body(body, "text/html; charset=utf-8", {"Content-Security-Policy": _policy(nonce)})


def apply_form(session: LabelingSession, form: Mapping[str, str]) -> bool:
    """Apply a form to the session. Returns False, and writes no label, if it answers none of its questions."""
    position, choice = form.get("position", ""), form.get("answer", "")
    if not _COUNT.fullmatch(position) or int(position) > len(session.questions):
        return False
    session.position = int(position)
    if choice in ("skip", "back"):
        (session.skip if choice == "skip" else session.back)()
        return True
    if choice not in session.choices():
        return False
    session.answer(choice, form.get("note", "").replace("\r\n", "\n"))
    return True


def _policy(nonce: str) -> str:
    """A Content-Security-Policy that allows the page's own style, script and forms only."""
    return (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
