"""The hooks of a controller whose run has hosts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from ....terminal_escape import visible
from ...state import CALLS, state_of
from .channels import KNOWN_TEXT, LOG, as_text, calls_from_text, from_text
from .sending import check_run, engine_text, files_of, needs_of, prepare, sent_root, usage_errors

if TYPE_CHECKING:
    from ....calls.broker.server import Broker
    from .heartbeat import Heartbeat
    from .host import Host
    from .losses import Losses


def distribute(config: pytest.Config) -> None:
    """Have typed `--tx` with a host distribute the items: without `--dist`, xdist would not use it.

    Raises pytest.UsageError for a wrong spec, and for `-n`, in whose place xdist would forget the hosts.
    """
    from .specs import is_host

    options, typed = config.option, typed_specs(config)
    specs = typed if options.numprocesses is not None else options.tx
    if not specs or options.numprocesses == 0:
        return
    from ....hosts.specs import parse_specs

    parsed = usage_errors(lambda: parse_specs(specs, getattr(options, "px", None) or ()))
    if not typed or not any(is_host(spec.parsed()) for spec in parsed):
        return
    if (number := options.numprocesses) is not None:
        raise pytest.UsageError(
            f"-n {number} and --tx with a host: xdist would start {number} workers on this computer and use no host; "
            f"leave out -n (also from addopts), and write --tx {number}*popen for workers on this computer"
        )
    if options.dist == "no":
        options.dist = "load"


def typed_specs(config: pytest.Config) -> list[str]:
    """What the command line says after `--tx`, which is no longer in the options if there is `-n`."""
    words = [str(word) for word in config.invocation_params.args]
    follows = [word for name, word in pairwise(words) if name == "--tx"]
    return follows + [word.partition("=")[2] for word in words if word.startswith("--tx=")]


class Hosts:
    """The hosts of a run. Does nothing in a run without any."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.hosts: list[Host] = []
        self._host_by_agent: dict[str, Host] = {}
        self._losses: Losses | None = None
        self._heartbeat: Heartbeat | None = None
        self._digests: dict[Any, str] = {}  # worker → hash of what it collected
        self._first: tuple[str, Sequence[str], str] | None = None  # (digest, ids, place) of the first worker
        self._configured: Any = None
        self._broker: Broker | None = None
        self._ended = False

    def host_of(self, node: Any) -> Host | None:
        """The host of a worker; None for one of this computer."""
        return self._host_by_agent.get(str(node.gateway.spec.via or ""))

    def concurrency_of(self, node: Any) -> int:
        """How many calls of a worker's models may be in flight; 0 if that is not known yet."""
        host = self.host_of(node)
        models = None if host is None else host.models
        return state_of(self._config).session.runtime.pool.concurrency if models is None else models.concurrency

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_xdist_setupnodes(self, config: pytest.Config, specs: list[Any]) -> None:
        """Open the hosts before any worker starts, and have their workers started through them."""
        from .specs import grouped, worker_spec

        groups = grouped(specs)
        if not groups:
            return
        from .connecting import Opening, open_hosts
        from .heartbeat import Heartbeat
        from .losses import Losses

        session = config.pluginmanager.get_plugin("dsession")
        nodes = getattr(session, "nodemanager", None)
        if nodes is None or not hasattr(session, "worker_errordown"):
            raise pytest.UsageError("hosts need pytest-xdist 3.6 to 3.8: install one of them on this computer")
        state, root = state_of(config), sent_root(config)
        check_run(config, root)
        opening = Opening(
            group=nodes.group,
            settings={"run_id": state.session.run_id, "model_memory": state.session.options.model_memory},
            files=lambda: files_of(config, root),
            notify=state.messages.put,
            needs=needs_of(config, root),
        )
        opened = usage_errors(lambda: open_hosts({key: specs[at[0]] for key, at in groups.items()}, opening))
        workers = {opened[key].name: len(positions) for key, positions in groups.items()}
        state.session.run_log.facts["engine"] = engine_text(workers, len(specs) - sum(workers.values()))
        nodes.roots = []  # of files that xdist would send itself
        for key, positions in groups.items():
            host = opened[key]
            self.hosts.append(host)
            self._host_by_agent[host.gateway.id] = host
            for position in positions:
                specs[position] = worker_spec(specs[position], host.gateway.id)
        self._losses = Losses(session, self.host_of, self.hosts)
        config.pluginmanager.register(self._losses)
        self._heartbeat = Heartbeat(
            self.hosts, self._losses.lose, self._losses.lose_worker, state.session.options.host_timeout_s
        )
        self._heartbeat.start()

    @pytest.hookimpl(trylast=True, optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker its channels, and on a host its folder and arguments."""
        if not self.hosts:
            return
        self._configured = node
        host = self.host_of(node)
        log = node.workerinput[LOG] = node.gateway.newchannel()
        log.setcallback(lambda message: self._received(node, *message))
        losses = self._losses
        if losses is not None and losses.known:
            node.workerinput[KNOWN_TEXT] = as_text(list(losses.known.values()))
        if host is None:
            if losses is not None:
                losses.local = node
            return
        host.nodes.append(node)
        host.last = node
        prepare(node, host, self._config)
        if self._broker is not None:
            self._serve(node, host, self._broker)

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_xdist_getremotemodule(self) -> Any:
        """The module that starts a worker on a host; xdist's own for the others."""
        node, self._configured = self._configured, None
        if node is None or self.host_of(node) is None:
            return None
        from . import worker

        return worker

    def serve_all(self, broker: Broker) -> None:
        """Serve the calls of all workers on hosts, also of those that start later."""
        self._broker = broker
        for host in self.hosts:
            for node in host.nodes:
                self._serve(node, host, broker)

    def _serve(self, node: Any, host: Host, broker: Broker) -> None:
        from ....calls.broker.streams import over_channel
        from .models import HostModels

        session = state_of(self._config).session
        if host.models is None:
            host.models = HostModels(shared=session.runtime.pool, options=session.options, agent=host.agent)
        broker.serve(over_channel(node.workerinput[CALLS]), host.models)

    def _received(self, node: Any, kind: str, text: str) -> None:
        """Take a message of a worker, on the thread of its connection, before its report arrives."""
        if self._heartbeat is not None:
            self._heartbeat.heard(node)
        if kind == "collected":
            self._digests[node] = text
        elif kind == "calls":
            state_of(self._config).session.run_log.append_calls(calls_from_text(text))
        elif kind == "records" and node in getattr(self.host_of(node), "nodes", ()):
            records = from_text(text)
            if self._ended:  # the models are closed, so that errors only say that
                records = [record for record in records if record.error is None]
            state_of(self._config).session.write(records)
            if self._losses is not None:
                self._losses.note(node, records)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Forget a worker that has ended: it gives no more signs of life."""
        if (host := self.host_of(node)) is not None:
            host.forget(node)

    @pytest.hookimpl(tryfirst=True, optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Refuse hosts with other task files, before any item is distributed."""
        if not self.hosts:
            return
        digest = self._digests.get(node, "")
        if self._first is None:
            self._first = (digest, ids, self._place(node))
        elif digest != self._first[0]:
            raise pytest.UsageError(visible(_difference(self._place(node), ids, *self._first[1:])))

    def _place(self, node: Any) -> str:
        host = self.host_of(node)
        return "this computer" if host is None else f"host {host.name}"

    @pytest.hookimpl(tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which hosts were lost."""
        for line in self.lost_messages():
            terminalreporter.write_line(visible(line), yellow=True)

    def lost_messages(self) -> list[str]:
        """One sentence per host that was lost."""
        if self._losses is None:
            return []
        moved = self._losses.moved
        if self._losses.all_lost:
            return [f"host {host.name} was lost ({host.lost})" for host in self.hosts if host.lost]
        return [
            f"host {host.name} was lost ({host.lost}): {moved[host]:,} of its items ran elsewhere"
            if host.lost
            else f"host {host.name} lost a worker: {moved[host]:,} of its items ran again"
            for host in self.hosts
            if host.lost or moved[host]
        ]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Stop asking hosts for a sign of life, and expect no further answers."""
        self._ended = True
        if self._heartbeat is not None:
            self._heartbeat.stop()
        for host in self.hosts:
            host.ending = True
        if self._losses is not None:
            self._losses.abandon()

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """End the agents, which removes their files."""
        for host in self.hosts:
            with suppress(Exception):  # a lost host
                host.gateway.exit()


def _difference(place: str, ids: Sequence[str], first: Sequence[str], first_place: str) -> str:
    """One sentence: how a worker's items differ from those of the first one."""
    only = next((name for name in ids if name not in set(first)), None)
    missing = next((name for name in first if name not in set(ids)), None)
    what = (
        f"only {place} has {only}"
        if only is not None
        else f"only {first_place} has {missing}"
        if missing is not None
        else "the same ids have other inputs, targets, prompts or parameters"
    )
    return (
        f"{place} collected {len(ids):,} items and {first_place} {len(first):,}; {what}: the files of the project "
        "differ; update the copy that chdir= names, or leave chdir= out, which sends the files"
    )
