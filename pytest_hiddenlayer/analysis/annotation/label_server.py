"""Serves the page of blind questions to this computer only, with the standard library.

A random token is the first part of the path, so the server answers only requests that know the token.
A request with another Host is refused (DNS rebinding), and the page's policy keeps it from loading
anything, sending forms elsewhere, and being framed.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from .label_page import done_page, question_page
from .session import LabelingSession

MAX_BODY = 64 * 1024
"""Bytes of a form."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Type": "text/html; charset=utf-8",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class LabelServer(ThreadingHTTPServer):
    """Serves one session on a free port of 127.0.0.1. Use it as a context manager to close it."""

    daemon_threads = True
    block_on_close = False  # a browser keeps connections open that it never uses

    def __init__(self, session: LabelingSession) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.session, self.token, self.lock = session, secrets.token_urlsafe(24), threading.Lock()

    @property
    def address(self) -> str:
        """The URL to open in a browser."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"


class _Handler(BaseHTTPRequestHandler):
    server: LabelServer
    server_version, sys_version = "hiddenlayer", ""
    timeout = 30  # seconds until an idle connection is closed

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

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing, so that the command's output in the terminal stays readable."""

    def _done(self) -> None:
        if self._is_allowed("done"):
            self._send(done_page)
            self.server.shutdown()

    def _is_allowed(self, name: str) -> bool:
        """Whether the request is for this page under its own host. If not, sends the error response."""
        port = self.server.server_port
        if self.headers.get("Host") not in (f"127.0.0.1:{port}", f"localhost:{port}"):
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return False
        if not secrets.compare_digest(self.path.encode(), f"/{self.server.token}/{name}".encode()):
            self.send_error(HTTPStatus.NOT_FOUND)
            return False
        return True

    def _form(self) -> dict[str, str]:
        """The fields of the request; empty if they are too long or cannot be read."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MAX_BODY:
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
        self.send_response(HTTPStatus.OK)
        for name, value in {**HEADERS, "Content-Security-Policy": _policy(nonce)}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def apply_form(session: LabelingSession, form: Mapping[str, str]) -> bool:
    """Apply a form to the session. Returns False, and writes no label, if it answers none of its questions."""
    position, choice = form.get("position", ""), form.get("answer", "")
    if not position.isdecimal() or int(position) > len(session.questions):
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
