"""Serves the live page and its data. Nothing else is served, and nothing can be changed through it.

The page is at `/TOKEN/`. Its program asks for

    state?rows=N&version=V    what a page with N rows lacks; waits until there is something
    records?from=A&to=B       records of these rows: a JSON list, cut short if they are long
    search?from=A&to=B        what a search looks at in these rows, likewise
    changes                   the changes against the baseline; null before the end
    licenses                  of the libraries in the page
    done                      the page has everything, and the server may end
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qs

from ...loopback_server import LoopbackHandler, LoopbackServer
from ..page.bundle import Bundle
from ..page.sections import json_bytes
from .live_page import live_page, page_policy
from .live_run import Ending, LiveRun

HTML = "text/html; charset=utf-8"
JSON = "application/json; charset=utf-8"
WAIT_S = 5.0
"""Seconds after which a state is sent although nothing is new."""
CHECK_S = 0.25
"""Seconds between two looks at the log while a page waits."""
QUIET_S = 1.0
"""Seconds without a request after which a page that knows the end is believed to have what it needs."""
GRACE_S = 2.0
"""Seconds, at most, that the end of a run waits for open pages."""
PRESENT_S = 10.0
"""Seconds after its last request in which a page counts as open."""
PAUSE = 2.0
"""Pause after the work for a response, in units of its CPU time: pages get a third of a core at most."""


class LiveServer(LoopbackServer):
    """Serves one run from its own threads, until `stop`. Raises OSError if the port is taken."""

    def __init__(self, run: LiveRun, bundle: Bundle, port: int = 0) -> None:
        super().__init__(_Handler, port)
        self.run = run
        self.page = live_page(f"Evals {run.folder.name}", bundle).encode("utf-8", "replace")
        self.policy, self.licenses = page_policy(bundle), bundle.licenses
        self.changed = threading.Event()  # set when the run ends
        self._asked_at = float("-inf")
        self._in_progress = 0
        self._ending_sent = False
        self.page_is_done = False
        self._working = threading.Lock()
        self._count = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="hiddenlayer-live-report")
        self._thread.daemon = True
        self._thread.start()

    def stop(self, ending: Ending, grace_s: float = GRACE_S) -> None:
        """End the run, then the server. If a page is open, wait so many seconds at most until it has everything."""
        self.run.end(ending)
        self.changed.set()
        latest = time.monotonic() + grace_s
        while self._is_asked() and time.monotonic() < latest:
            time.sleep(0.05)
        self.shutdown()
        self.server_close()
        self._thread.join()

    def _is_asked(self) -> bool:
        """Whether a page is open and does not have everything yet."""
        with self._count:
            quiet_s = time.monotonic() - self._asked_at
            patience_s = 0.1 if self.page_is_done else QUIET_S if self._ending_sent else PRESENT_S
            return self._in_progress > 0 or quiet_s < patience_s

    def work(self, make_body: Callable[[], bytes]) -> bytes:
        """The body of a response. Bodies are made one after the other, with pauses, so that the run is not slowed."""
        with self._working:
            start_s = time.thread_time()
            body = make_body()
            if not self.run.ended:
                self.changed.wait(PAUSE * (time.thread_time() - start_s))
            return body

    def begin_request(self) -> None:
        """Count a request of a page."""
        with self._count:
            self._in_progress += 1

    def end_request(self, *, ending_sent: bool) -> None:
        """The response was sent; it said that the run has ended if `ending_sent`."""
        with self._count:
            self._ending_sent = self._ending_sent or ending_sent
            self._in_progress -= 1
            self._asked_at = time.monotonic()


class _Handler(LoopbackHandler):
    server: LiveServer
    _ending_sent = False

    def do_GET(self) -> None:
        """Send the page or its data."""
        if (route := self.route()) is None:
            return
        self.server.begin_request()
        try:
            self._answer(route)
        finally:
            self.server.end_request(ending_sent=self._ending_sent)

    def do_HEAD(self) -> None:
        """Send the headers of what GET sends."""
        self.do_GET()

    def _answer(self, route: str) -> None:
        name, _, query = route.partition("?")
        numbers = _numbers(query)
        if route == "":
            self.send_body(self.server.page, HTML, {"Content-Security-Policy": self.server.policy})
        elif name == "state" and set(numbers) == {"rows", "version"}:
            self._state(**numbers)
        elif name in ("records", "search") and set(numbers) == {"from", "to"}:
            read = self._records if name == "records" else self._search_texts
            self._send(lambda: read(numbers["from"], numbers["to"]))
        elif route == "done":
            self.server.page_is_done = True
            self._send(lambda: b"null")
        elif route == "changes":
            self._send(lambda: json_bytes(self.server.run.changes()))
        elif route == "licenses":
            self._send(lambda: json_bytes(self.server.licenses))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _state(self, rows: int, version: int) -> None:
        """Wait until there is something new, the run ends, or some seconds have passed."""
        run, latest = self.server.run, time.monotonic() + WAIT_S
        while not (run.ended or run.has_news(rows, version)) and time.monotonic() < latest:
            self.server.changed.wait(CHECK_S)
        self._send(lambda: self._state_body(rows, version))

    def _state_body(self, rows: int, version: int) -> bytes:
        state = self.server.run.state(rows, version)
        self._ending_sent = state["progress"]["ended"] and not state["index"]["remaining"]
        return json_bytes(state)

    def _records(self, start: int, end: int) -> bytes:
        return b"[" + b",\n".join(self.server.run.records(start, end)) + b"]"

    def _search_texts(self, start: int, end: int) -> bytes:
        return json_bytes(self.server.run.search_texts(start, end))

    def _send(self, make_body: Callable[[], bytes]) -> None:
        try:
            body = self.server.work(make_body)
        except OSError:  # the log is gone
            self.send_error(HTTPStatus.GONE)
            return
        self.send_body(body, JSON, {"Content-Security-Policy": "default-src 'none'"})


def _numbers(query: str) -> dict[str, int]:
    """The parameters of a query; empty if one of them is no number of at most 12 digits."""
    try:
        fields = parse_qs(query, strict_parsing=True, max_num_fields=4)
    except ValueError:
        return {}
    texts = {name: values[-1] for name, values in fields.items()}
    if not all(text.isascii() and text.isdecimal() and len(text) <= 12 for text in texts.values()):
        return {}
    return {name: int(text) for name, text in texts.items()}
