"""Which execution environments of `--tx` are hosts, and which gateways reach them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from execnet import XSpec

DEFAULT_FOLDER = "pyexecnetcache"
"""The `chdir` that xdist gives a spec without one."""


def is_host(spec: Any) -> bool:
    """Whether a spec is another computer, or another folder: everything but a plain `popen`."""
    return not spec.popen or bool(spec.chdir or spec.via)


def folder_of(spec: Any) -> str | None:
    """The project's copy that the host has, from `chdir=`; None if the files are sent."""
    return None if spec.chdir in (None, DEFAULT_FOLDER) else str(spec.chdir)


def name_of(spec: Any) -> str:
    """What people call the host: the address in the spec, without options of ssh."""
    if spec.ssh or spec.vagrant_ssh:
        return str(spec.ssh or spec.vagrant_ssh).split()[-1]
    address = spec.socket or (spec.via and f"via {spec.via}")
    return str(address or f"popen {folder_of(spec)}")


def key_of(spec: Any) -> tuple[str, ...]:
    """Equal for specs of one host: the same address, Python, folder and environment."""
    parts = (spec.ssh, spec.vagrant_ssh, spec.ssh_config, spec.socket, spec.installvia, spec.via, spec.python)
    return tuple(str(part) for part in (*parts, folder_of(spec), sorted(spec.env.items()), spec.nice))


def agent_spec(spec: Any, name: str) -> XSpec:
    """The spec of the gateway to a host, through which its workers are started; it runs several things at once."""
    keys = [key for key in str(spec).split("//") if not key.startswith(("chdir=", "execmodel=", "id="))]
    made = XSpec("//".join(["execmodel=thread", *keys, f"id={name}"]))
    if made.ssh:
        made.ssh = f"-o BatchMode=yes -o ConnectTimeout={CONNECT_S} {made.ssh}"
    return made


CONNECT_S = 15
"""Seconds within which ssh has to reach a host."""


def worker_spec(spec: Any, agent: str) -> XSpec:
    """The spec of a worker on a host, started by the host's own Python."""
    return XSpec(f"execmodel=main_thread_only//popen//via={agent}//id={spec.id}")


def grouped(specs: Sequence[Any]) -> dict[tuple[str, ...], list[int]]:
    """Key of a host → the positions of its specs."""
    found: dict[tuple[str, ...], list[int]] = {}
    for position, spec in enumerate(specs):
        if is_host(spec):
            found.setdefault(key_of(spec), []).append(position)
    return found
