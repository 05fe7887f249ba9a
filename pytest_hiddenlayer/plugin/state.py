"""What the plugin keeps during one pytest session, in `config.stash`: no globals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..terminal_escape import visible
from .options import ini_keys, project_root, read_options
from .reporting.messages import Messages
from .typed_options import typed_options

if TYPE_CHECKING:
    from ..calls.broker.client import BrokerClient
    from ..session.session import Session
    from ..types import Record


@dataclass(slots=True)
class PrefetchCursor:
    """How far the answers of this process's items have been requested."""

    current: int = -1  # position of the running item
    next: int = 0  # position of the first item that was not requested yet


@dataclass(kw_only=True, slots=True)
class State:
    """One pytest session in one process; under xdist each worker has its own and the controller another."""

    session: Session
    messages: Messages
    waiting: dict[str, Future[Record]] = field(default_factory=dict)  # node id → prefetched answer
    prefetch: PrefetchCursor = field(default_factory=PrefetchCursor)
    records_read: int = 0  # for early stopping: records of this process, or bytes of the run's log on a worker
    faulty_files: set[str] = field(default_factory=set)  # node ids of task files that do not load
    seen: dict[str, str] = field(default_factory=dict)  # eval items: node id → outcome of the last phase
    skips: Counter[str] = field(default_factory=Counter)  # reason → eval items that were skipped for it
    lost_worker: bool = False  # a worker of this computer died
    stopped: bool = False  # the session ended early: by -x, --maxfail, --sw, Ctrl-C or SIGTERM

    @property
    def only_skips(self) -> bool:
        """Whether there were eval items and all of them were skipped, or gates without any of their samples."""
        if self.seen:
            return set(self.seen.values()) == {"skipped"}
        cells = self.session.configs.values()
        return any(cell.gate_id is not None for cell in cells) and not any(cell.selected for cell in cells)


CALLS = "hl_calls"
"""In `workerinput` on another computer: the channel to the controller's broker."""

STATE = pytest.StashKey[State]()
RECORDS = pytest.StashKey[list["Record"]]()
"""On an item: the records that it made."""


def state_of(config: pytest.Config) -> State:
    """The state of the pytest session. Raises pytest.UsageError if one of the plugin's options is wrong."""
    state = config.stash.get(STATE, None)
    if state is None:
        state = config.stash[STATE] = _make(config)
    return state


def _make(config: pytest.Config) -> State:
    from ..errors import UsageError
    from ..results.log.run_log import new_run_id
    from ..session.session import Session

    worker_input: Mapping[str, Any] = getattr(config, "workerinput", {})
    from .xdist.hosts.channels import connect_session

    messages = Messages(config)
    try:
        options = read_options(config)
    except UsageError as error:
        raise pytest.UsageError(visible(str(error))) from error
    session = Session(
        options=options,
        root=project_root(config),
        cwd=config.invocation_params.dir,
        command=worker_input.get("hl_command") or ["pytest", *map(str, config.invocation_params.args)],
        run_id=worker_input.get("hl_run_id") or new_run_id(),
        worker=bool(worker_input),
        typed=typed_options(config),
        updating=bool(getattr(config.option, "update_snapshots", False)),
        notify=messages.put,
        find_broker=lambda: _broker(config),
    )
    if worker_input:
        connect_session(config, session)
    return State(session=session, messages=messages)


def _broker(config: pytest.Config) -> BrokerClient | None:
    """The controller's, if this process is a worker and the controller listens by now."""
    from ..calls.broker.client import BrokerClient
    from ..calls.broker.streams import over_channel

    worker_input = getattr(config, "workerinput", {})
    if (channel := worker_input.get(CALLS)) is not None:
        return BrokerClient(over_channel(channel))
    path = worker_input.get("hl_broker")
    return BrokerClient(Path(path)) if path and Path(path).exists() else None


def running_session(config: pytest.Config) -> pytest.Session | None:
    """pytest's session; None before it starts."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    session = getattr(terminal, "_session", None) or config.pluginmanager.get_plugin("session")
    return session if isinstance(session, pytest.Session) else None


def check_ini(config: pytest.Config) -> None:
    """Raise pytest.UsageError for a wrong value of the plugin in the ini file, before anything is collected.

    A name that is not registered may be one of a conftest.py that pytest has not read yet.
    """
    from ..errors import UnknownNameError

    if ini_keys(config):
        try:
            state_of(config)
        except pytest.UsageError as error:
            if not isinstance(error.__cause__, UnknownNameError):
                raise


def check_options(config: pytest.Config) -> None:
    """Raise pytest.UsageError for a wrong option, before anything is collected.

    Strategies named on the command line must be known by then: in a plugin or an initial conftest.
    """
    from ..engine.checks.options import check_options as validate
    from ..errors import HiddenLayerError

    try:
        session = state_of(config).session
        validate(session.options)
        session.check()
    except HiddenLayerError as error:
        raise pytest.UsageError(visible(str(error))) from None


def check_writable(state: State) -> None:
    """Raise pytest.UsageError if what the run writes cannot be written, before anything is asked."""
    from ..errors import UsageError

    try:
        state.session.check_writable()
    except UsageError as error:
        raise pytest.UsageError(visible(str(error))) from None
