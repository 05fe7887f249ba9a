"""The options of `--engine ray`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageError, did_you_mean
from ..options import RunOptions

ENGINES = ("local", "ray")
OPTIONS = ("ray-address", "ray-workers", "ray-resources", "ray-env", "ray-wait")
"""The options that need `--engine ray`."""
WAIT_S = 120.0
"""Seconds to wait for a worker, unless the user says otherwise."""
MAX_WORKERS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class RayOptions:
    """How the workers of a run are started."""

    address: str | None = None  # HOST:PORT or `auto`; None: RAY_ADDRESS, else a cluster on this machine
    workers: int | None = None  # None: as many as the cluster can hold at the start
    resources: Mapping[str, float] = field(default_factory=dict)  # what each worker occupies; CPU is 1 unless set
    env: Mapping[str, str] = field(default_factory=dict, repr=False)  # for the workers: may hold keys
    wait_s: float = WAIT_S  # for the first worker, and for another one when all have ended

    @property
    def demand(self) -> dict[str, float]:
        """What a node must have free for one worker."""
        return {"CPU": 1.0, **self.resources}


def parse_ray_options(values: Mapping[str, Any]) -> RayOptions | None:
    """The options of Ray, if `engine` is `ray`, else None. Raises UsageError.

    `values` maps names of options (`engine`, `ray-workers`) to what was written; None is not written.
    """
    engine = values.get("engine") or ENGINES[0]
    if engine not in ENGINES:
        raise UsageError(f"--engine {engine!r}: write {' or '.join(ENGINES)}{did_you_mean(str(engine), ENGINES)}")
    if engine != "ray":
        if written := [name for name in OPTIONS if values.get(name)]:
            raise UsageError(f"--{written[0]} is for the workers of Ray; add --engine ray, or leave the option out")
        return None
    workers, wait_s = values.get("ray-workers"), values.get("ray-wait")
    return RayOptions(
        address=_address(values.get("ray-address")),
        workers=None if workers is None else int(_number("ray-workers", workers, 1, MAX_WORKERS, whole=True)),
        resources=_resources(values.get("ray-resources")),
        env=_environment(values.get("ray-env") or ()),
        wait_s=WAIT_S if wait_s is None else _number("ray-wait", wait_s, 1, 86400),
    )


def refuse_local_only(options: RunOptions) -> None:
    """Raise UsageError for an option that needs all calls in one process."""
    for name, written, reason in (
        ("--record", options.record is not None, "cassettes are files of one process; record without --engine ray"),
        ("--replay", options.replay is not None, "a replay asks no model; replay without --engine ray"),
        ("--batch", options.batch, "a batch is sent by one process; leave one of the two out"),
    ):
        if written:
            raise UsageError(f"{name} with --engine ray: {reason}")


def _address(text: Any) -> str | None:
    if text is None or text == "auto":
        return None if text is None else "auto"
    if str(text).startswith("ray://"):
        raise UsageError(
            f"--ray-address {text!r}: Ray Client is not supported; run the command on a node of the cluster with "
            "--ray-address auto, or submit it with `ray job submit`"
        )
    written = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^\s:/]+):(\d{1,5})", str(text))
    if written is None or not 1 <= int(written[2]) <= 65535:
        raise UsageError(f"--ray-address {text!r}: write HOST:PORT, such as 10.0.0.1:6379, or auto")
    return str(text)


def _number(name: str, written: Any, minimum: int, maximum: int, *, whole: bool = False) -> float:
    try:
        value = int(str(written)) if whole else float(str(written))
    except ValueError:
        value = -1
    if not minimum <= value <= maximum:
        kind = "whole number" if whole else "number"
        raise UsageError(f"--{name} {written!r}: write a {kind} from {minimum} to {maximum:,}")
    return value


def _resources(text: Any) -> dict[str, float]:
    """`GPU=1,accelerator=0.5` → amounts."""
    amounts: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in str(text or "").split(","))):
        written = re.fullmatch(r"([A-Za-z][\w:.-]*)\s*=\s*(\d+(?:\.\d+)?)", part)
        if written is None:
            raise UsageError(f"--ray-resources {text!r}: write NAME=AMOUNT,..., such as GPU=1 or CPU=4,big_memory=1")
        name = _resource_name(written[1])
        if name in amounts:
            raise UsageError(f"--ray-resources {text!r}: {name} is written twice; write one amount of it")
        amounts[name] = float(written[2])
    return amounts


def _resource_name(name: str) -> str:
    return name.upper() if name.lower() in ("cpu", "gpu") else name


def _environment(names: Sequence[str]) -> dict[str, str]:
    """Name → value in this process of each variable. A value on the command line would show in process lists."""
    values: dict[str, str] = {}
    for name in (names,) if isinstance(names, str) else names:
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            shown = name.partition("=")[0]
            raise UsageError(
                f"--ray-env {shown}…: write the name of a variable only; its value is taken from this environment"
            )
        if name not in os.environ:
            raise UsageError(f"--ray-env {name}: the variable is not set here; export it, or leave the option out")
        values[name] = os.environ[name]
    return values
