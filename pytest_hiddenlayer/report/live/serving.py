"""Serves the report of a run for as long as a block runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ...errors import UsageError
from ...io.writable import reason
from ...results.cell_config import CellConfig
from ..page.bundle import bundle_fault, load_bundle
from .live_run import CellKey, Ending, LiveRun
from .live_server import LiveServer


@contextmanager
def serve_report(
    folder: Path,
    *,
    port: int | None,
    configs: Callable[[], Mapping[CellKey, CellConfig]],
    ending: Callable[[], Ending],
    notify: Callable[[str], None],
) -> Iterator[None]:
    """Serve the run of a folder, which need not exist yet, and notify people of the address.

    `configs` are the planned cells as far as they are known, `ending` is asked when the block ends.
    Raises UsageError if the port is taken, or if the program of the page was not built.
    """
    server = _start(LiveRun(folder, configs), port, notify)
    try:
        yield
    finally:
        if server is not None:
            server.stop(ending())


def _start(run: LiveRun, port: int | None, notify: Callable[[str], None]) -> LiveServer | None:
    """The server; None if this computer lets none start on a free port, which ends no run."""
    if (bundle := load_bundle()) is None:
        raise UsageError(f"--hl-live: {bundle_fault()} Or leave the option out")
    try:
        server = LiveServer(run, bundle, port or 0)
    except (OSError, RuntimeError) as error:
        why = reason(error) if isinstance(error, OSError) else str(error)
        if port is not None:
            raise UsageError(f"--hl-live-port {port}: {why}; choose another port, or leave the option out") from None
        notify(f"the live report cannot be served: {why}")
        return None
    notify(f"live report: {server.address}")
    return server
