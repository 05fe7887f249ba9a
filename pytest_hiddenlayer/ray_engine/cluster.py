"""A connection to a Ray cluster, and what its nodes offer."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .options import RayOptions

CONNECT_S = 10.0
STORE_BYTES = 100 * 1024 * 1024
"""Memory for messages in a cluster that the command starts itself: they are small."""


def import_ray() -> Any:
    """The module. Raises UsageError if it is not installed."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when a cluster starts
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise UsageError(
            f"--engine ray: Ray is not installed ({error}); run `pip install 'pytest-hiddenlayer[ray]'`"
        ) from error
    return ray


def connect(options: RayOptions, folder: Path | None) -> None:
    """Connect to the cluster, or start one on this machine. `folder` is copied to the nodes that start a worker.

    Raises UsageError if the cluster cannot be reached or has another version.
    """
    ray = import_ray()
    if ray.is_initialized():
        raise UsageError("--engine ray: this process is connected to Ray already; call ray.shutdown() first")
    address = options.address or os.environ.get("RAY_ADDRESS") or "local"
    _refuse_unreachable(address)
    own: dict[str, Any] = {"include_dashboard": False, "object_store_memory": STORE_BYTES}
    with _own_signals():
        try:
            ray.init(
                address=address,
                runtime_env={} if folder is None else {"working_dir": str(folder)},
                logging_level=logging.ERROR,
                log_to_driver=False,
                **(own if address == "local" else {}),
            )
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            disconnect()
            raise UsageError(
                f"--engine ray: cannot use the cluster {address} ({_first_line(error)}); start this command on one "
                "of its nodes, with Ray and Python in the cluster's versions"
            ) from error
    _silence()


def disconnect() -> None:
    """End the connection; a cluster that the command started ends with it."""
    ray = import_ray()
    with _own_signals():
        ray.shutdown()


def capacity(demand: Mapping[str, float]) -> int:
    """How many workers the nodes can hold, by their whole resources."""
    return sum(
        int(min(resources.get(name, 0.0) / amount for name, amount in demand.items() if amount))
        if any(demand.values())
        else 1
        for resources in _nodes().values()
    )


def describe_nodes() -> str:
    """The nodes with their resources, such as `mac1: CPU=8; mac2: CPU=8, GPU=1`."""
    shown = [f"{name}: {amounts(resources)}" for name, resources in _nodes().items()]
    return "; ".join(shown) or "none"


def amounts(resources: Mapping[str, float]) -> str:
    """Resources as one writes them: `CPU=2, GPU=1`."""
    return ", ".join(f"{name}={amount:g}" for name, amount in sorted(resources.items())) or "nothing"


def _nodes() -> dict[str, dict[str, float]]:
    nodes: dict[str, dict[str, float]] = {}
    for node in import_ray().nodes():
        if node["Alive"]:
            name = node["NodeManagerHostname"]
            name = f"{name} ({node['NodeID'][:6]})" if name in nodes else name
            nodes[name] = {key: value for key, value in node["Resources"].items() if _is_choosable(key)}
    return nodes


def _is_choosable(resource: str) -> bool:
    return not resource.startswith(("node:", "memory", "object_store_memory", "accelerator_type:"))


def _refuse_unreachable(address: str) -> None:
    """Raise UsageError for an address that nobody listens at: Ray itself would end the process after a minute."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        return
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S):
            return
    except (OSError, OverflowError, UnicodeError) as error:
        raise UsageError(
            f"--ray-address {address}: nobody answers there ({error}); start the head with `ray start --head`, and "
            "name its address, HOST:6379 unless you chose another port"
        ) from error


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the program's handlers: Ray replaces that of SIGTERM."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if handler is not None:
                signal.signal(number, handler)


def _silence() -> None:
    """Keep Ray from printing the errors of nodes and workers: what they mean for the run is said by this package."""
    with suppress(ImportError, AttributeError):
        import ray._private.worker as module

        module.print_to_stdstream = lambda *arguments, **rest: None


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".:") if lines else type(error).__name__
