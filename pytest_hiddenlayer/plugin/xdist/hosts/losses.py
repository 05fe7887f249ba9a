"""What becomes of a host that is lost: its items run elsewhere, and the run's end says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest

from ....types import Record
from .channels import as_text, channel_of
from .connecting import last_line
from .heartbeat import _in_background
from .host import Host

MAX_RESTARTS = 4
"""Workers of one host that are replaced; then the host counts as lost."""
MAX_CRASHES = 2
"""How many workers an item may end before it counts as failed."""


class Losses:
    """Handles the end of workers on hosts in place of xdist."""

    def __init__(self, session: Any, host_of: Callable[[Any], Host | None], hosts: Sequence[Host]) -> None:
        """`session` is xdist's `DSession`."""
        self._session, self._host_of, self._hosts = session, host_of, hosts
        self._original = session.worker_errordown
        session.worker_errordown = self.worker_errordown
        self._internal_error = session.worker_internal_error
        session.worker_internal_error = self.worker_internal_error
        self._crashes: Counter[str] = Counter()
        self.unreported: dict[Any, dict[str, Record]] = {}  # worker → records that its items have not reported
        self.known: dict[str, Record] = {}  # records of lost workers, which others reuse
        self.moved: Counter[Host] = Counter()
        self.all_lost = False
        self.local: Any = None  # the worker of this computer that started last

    def note(self, node: Any, records: Sequence[Record]) -> None:
        """Note records that the log holds, until the reports of their items arrive."""
        self.unreported.setdefault(node, {}).update({record.key: record for record in records})

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Forget the records that a report carries."""
        unreported = self.unreported.get(getattr(report, "node", None), {})
        for record in getattr(report, "hl_records", ()) if unreported else ():
            unreported.pop(record.key, None)

    def lose(self, host: Host, why: str) -> None:
        """Mark a host as lost, and move its items; from any thread."""
        host.lost = host.lost or why
        host.agent.close()
        _in_background(lambda: _cut(host.gateway))
        for node in list(host.nodes):
            self._end(node, host, why)

    def lose_worker(self, host: Host, node: Any, why: str) -> None:
        """Mark a worker as lost, and end its process; from any thread."""
        _in_background(node.gateway._io.kill)
        self._end(node, host, why)

    def _end(self, node: Any, host: Host, why: str) -> None:
        """Report a worker's end to xdist, after what arrived from it; what still arrives is too late."""
        node.notify_inproc("errordown", node=node, error=why)
        node.putevent = lambda event: None
        host.forget(node)

    def worker_errordown(self, node: Any, error: object) -> None:
        """Handle the end of a worker that xdist did not end."""
        host = self._host_of(node)
        if host is None:
            self._original(node, error)
            return
        if node not in self._session._active_nodes:
            return  # its end was noticed twice
        if not hasattr(node, "workerinfo") and hasattr(error, "formatted"):  # its session did not start
            raise pytest.UsageError(f"host {host.name}: pytest does not start there: {_reason(error)}")
        node.putevent = lambda event: None
        host.forget(node)
        self._session.config.hook.pytest_testnodedown(node=node, error=error)
        self._reuse(node)
        self._move_items(node, host)
        self._replace(node, host)
        self._session._active_nodes.discard(node)
        if not self._session._active_nodes and self._unfinished():
            self.all_lost = True
            self._session.shouldstop = "every host is lost" + (f" ({host.lost})" if host.lost else "")

    def worker_internal_error(self, node: Any, formatted_error: str) -> None:
        """A worker's pytest failed; before its session starts, xdist would wait for its items forever."""
        host = self._host_of(node)
        if host is None or hasattr(node, "workerinfo"):
            self._internal_error(node, formatted_error)
            return
        raise pytest.UsageError(f"host {host.name}: pytest does not start there: {_reason(formatted_error)}")

    def _reuse(self, node: Any) -> None:
        """Give the other workers the records that the log holds of items that were not reported."""
        records = self.unreported.pop(node, {})
        self.known.update(records)
        if records:
            for other in self._session._active_nodes:
                if other is not node and (channel := channel_of(other)) is not None:
                    with suppress(OSError):
                        channel.send(("known", as_text(list(records.values()))))

    def _move_items(self, node: Any, host: Host) -> None:
        scheduler = self._session.sched
        if node not in scheduler.nodes:
            return
        if not scheduler.collection_is_completed or not getattr(scheduler, "collection", True):
            self._forget(node)
            return
        waiting = len(getattr(scheduler, "node2pending", {}).get(node, ()))
        item = scheduler.remove_node(node)
        if item is None:
            return
        self.moved[host] += waiting or 1
        self._crashes[item] += 1
        if self._crashes[item] < MAX_CRASHES or host.lost:
            with suppress(NotImplementedError):  # by schedulers that keep items together
                scheduler.mark_test_pending(item)
                return
        self._session.handle_crashitem(item, node)

    def _forget(self, node: Any) -> None:
        """Distribute the items without a worker that ended before."""
        scheduler = self._session.sched
        scheduler.remove_node(node)
        getattr(scheduler, "node2collection", {}).pop(node, None)
        scheduler.numnodes -= 1
        if scheduler.numnodes and scheduler.collection_is_completed:
            scheduler.schedule()

    def _replace(self, node: Any, host: Host) -> None:
        """Start another worker if no other takes the items: on this host, else on another one, else here."""
        session = self._session
        if not host.lost and host.restarted < MAX_RESTARTS and self._unfinished():
            if self._start(node, host):
                return
            host.lost = host.lost or "no worker starts there any more"
        if not self._unfinished() or any(not n.shutting_down for n in session._active_nodes if n is not node):
            return
        for other in self._hosts:
            if not other.lost and other.last is not None and self._start(other.last, other):
                return
        if self.local is not None:
            self._start(self.local)

    def _start(self, node: Any, host: Host | None = None) -> bool:
        """Start a worker like this one, and return whether that worked."""
        self._session.shuttingdown = False
        if host is not None:
            host.restarted += 1
        try:
            self._session._clone_node(node)
        except Exception:  # of execnet: the connection has ended meanwhile
            return False
        return True

    def abandon(self) -> None:
        """Keep execnet from waiting for the processes of lost hosts: it would ask the host for each of them."""
        for host in self._hosts:
            for gateway in host.gateway._group if host.lost else ():
                if gateway.spec.via == host.gateway.id:
                    gateway._io.wait = gateway._io.kill = lambda: None

    def _unfinished(self) -> bool:
        scheduler = self._session.sched
        return bool(scheduler.has_pending or not scheduler.collection_is_completed)


def _cut(gateway: Any) -> None:
    """End a connection whose other side does not answer."""
    io = gateway._io
    for end in (io.kill, io.close_read, io.close_write):
        with suppress(Exception):
            end()


def _reason(error: object) -> str:
    """The last line of an error, and what to do about a package that the host lacks."""
    reason = last_line(error)
    if "ModuleNotFoundError" not in reason:
        return reason
    return f"{reason}: install there what the project imports, or name another Python with //python=PATH"
