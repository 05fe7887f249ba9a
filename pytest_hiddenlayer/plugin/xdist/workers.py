"""Hooks of the xdist controller: it sends each worker its run, and starts the broker that takes their calls."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ...taskfile.detect import SUFFIXES
from ..options import any_typed
from ..state import check_writable, state_of
from ..typed_options import ARGUMENTS, arguments
from .hosts.hooks import Hosts
from .local_workers import LocalWorkers

if TYPE_CHECKING:
    from ...calls.broker.server import Broker
    from ...session.session import Session

SOCKET = "hl_broker"
"""In `workerinput`: the socket of the broker, if it listens by the time of the first item."""

WORKERS = "hiddenlayer-workers"
"""Name of the plugin of a controller."""
LOST = "hl_lost"
"""In `workeroutput`: how many records the worker could not write, and why."""


class Workers:
    """The hooks of the controller, which starts the broker and reads what workers send."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._path = Path()
        self._broker: Broker | None = None
        self.hosts = Hosts(config)
        self._local = LocalWorkers(config)
        config.pluginmanager.register(self.hosts, "hiddenlayer-hosts")

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Send a worker its run, its root, and the socket that the broker will listen on."""
        from ...calls.broker.socket_folder import socket_path

        session = state_of(node.config).session
        if self._path == Path():
            self._path = socket_path(session.run_id)
            if any_typed(self._config):  # else the workers may find no eval
                from .early_imports import modules_for, start_imports

                start_imports(modules_for(session.options))
        node.workerinput["hl_run_id"] = session.run_id
        node.workerinput["hl_root"] = str(session.root)
        node.workerinput["hl_resume"] = str(session.options.resume or "")
        node.workerinput["hl_command"] = ["pytest", *map(str, node.config.invocation_params.args)]
        node.workerinput[ARGUMENTS] = list(arguments(node.config))
        node.workerinput[SOCKET] = str(self._path)
        if not self.hosts.hosts:
            self._local.connect(node)
            if any_typed(self._config):
                self._local.start()

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Start the broker before the first item is distributed, if a worker found an eval."""
        if self._broker is None and has_evals(self._config, ids):
            from ...calls.broker.server import Broker

            check_distribution(self._config, len(node.nodemanager.specs))
            check_writable(state_of(self._config))
            broker = Broker(state_of(self._config).session.runtime.pool, self._path)
            self._broker = broker  # whose folder is removed, also if a signal arrives while it starts
            broker.start()
            self.hosts.serve_all(broker)
            self._local.start()

    @pytest.hookimpl(optionalhook=True, wrapper=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Generator[None, Any, Any]:
        """Replace xdist's `load`, and no scheduler of another plugin.

        Under --hl-batch all items are distributed at once: a worker can only prefetch items that it knows. Hosts
        get items as fast as they answer them; workers on this one keep the models busy.
        """
        from xdist.scheduler import LoadScheduling

        from .scheduling import FullScheduling, PacedScheduling, WholeScheduling

        scheduler = yield
        if type(scheduler) is not LoadScheduling:
            return scheduler
        if state_of(config).session.options.batch:
            return WholeScheduling(config, log)
        if self.hosts.hosts:
            return PacedScheduling(config, log, self.hosts.concurrency_of)
        if config.getoption("maxfail"):  # each worker asks for one answer at a time
            return scheduler
        return FullScheduling(config, log, lambda: state_of(config).session.runtime.pool.concurrency)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take the cells of the first worker that ends; all workers have the same."""
        if error is not None and not self.hosts.hosts:
            self._local.lost(node)
        session = state_of(node.config).session
        output = getattr(node, "workeroutput", None) or {}
        if lost := output.get(LOST):
            session.write_faults.add_records(*lost)
        sent = output.get("hl_cells")
        if sent and not session.configs:
            take_cells(session, sent)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Workers that end are not pinged."""
        self._local.stop()

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Stop listening, before the models are closed."""
        self.stop_serving()

    @property
    def active(self) -> bool:
        """Whether this process has workers."""
        return self._config.pluginmanager.has_plugin("dsession")

    def end(self) -> None:
        """End the workers of this computer: they have written their last record when this returns."""
        nodes = getattr(self._config.pluginmanager.get_plugin("dsession"), "nodemanager", None)
        if nodes is not None and not self.hosts.hosts:
            self._local.stop()
            self.stop_serving()
            nodes.teardown_nodes()

    def stop_serving(self) -> None:
        """Answer no more calls; workers that wait for one end."""
        if self._broker is not None:
            self._broker.close()
            self._broker = None


def check_distribution(config: pytest.Config, workers: int) -> None:
    """Raise pytest.UsageError for `--dist each`, under which every worker asks for every answer."""
    if config.getoption("dist") == "each" and workers > 1:
        raise pytest.UsageError(
            "--dist each: each worker would answer every eval item, so that each answer is asked and paid for once "
            "per worker; leave it out, or write --dist load"
        )


def take_cells(session: Session, sent: str) -> None:
    """Set the cells of the controller's session to those that a worker sent as JSON."""
    from ...results.cell_config import CellConfig

    cells = [
        CellConfig(**{**cell, **{name: tuple(cell[name]) for name in ("selected", "must_pass", "tags")}})
        for cell in json.loads(sent)
    ]
    session.configs = {cell.key: cell for cell in cells}


def has_evals(config: pytest.Config, ids: Sequence[str]) -> bool:
    """Whether these items may call a model: items of task files, or of a module with the marker `task`."""
    files = {name.partition("::")[0] for name in ids}
    if any_typed(config) or any(name.endswith(SUFFIXES) for name in files):
        return True
    return any(_marks_a_task(config.rootpath / name) for name in files)


def _marks_a_task(path: Path) -> bool:
    try:
        return b"mark.task" in path.read_bytes()
    except OSError:
        return False
