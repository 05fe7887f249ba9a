"""Asks a host through `probe.py`. What it answers may be anything: every value is checked for its type."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from . import probe
from .connection import HostError, within
from .explanations import shortened
from .report import Disk, HostFacts, HostTimes

if TYPE_CHECKING:
    from execnet import Gateway

ANSWER_S = 30.0  # for a question without files
FILES_S = 300.0  # for hashes of files
LATEST_S = 1e11  # seconds since 1970 that a clock may show: 3,000 years
ROUND_TRIPS = 5
MEASURED_BYTES = 2**18  # sent and received once each


SILENT = "it stopped answering; is it asleep, or its network cut? Run the same command again"


class HostProbe:
    """The probe on one host, until `close`. Every method raises HostError for a missing or unreadable answer."""

    def __init__(self, gateway: Gateway) -> None:
        try:
            self._channel: Any = gateway.remote_exec(probe)
        except OSError as error:  # of execnet: the gateway is closed
            raise HostError(f"its connection ended ({shortened(str(error))}); run the same command again") from None

    def facts(self, packages: Mapping[str, Any], chdir: str | None) -> HostFacts:
        """Returns what the host is."""
        answer = mapping(self._answer("facts", [list(packages), chdir], ANSWER_S))
        python = answer.get("python")
        if not isinstance(python, list | tuple) or len(python) != 3 or not all(type(n) is int for n in python):
            raise _unreadable("its version of Python")
        found = mapping(answer.get("packages"))
        return HostFacts(
            python=(python[0], python[1], python[2]),
            system=text(answer.get("system")) or "unknown system",
            release=text(answer.get("release")) or "",
            machine=text(answer.get("machine")) or "unknown machine",
            cores=count(answer.get("cores")),
            memory_bytes=count(answer.get("memory_bytes")),
            cache=_disk(answer.get("cache")),
            tmp=_disk(answer.get("tmp")),
            packages={name: text(found.get(name)) for name in packages},
            code=text(answer.get("code")),
        )

    def model(self, place: tuple[str, ...]) -> dict[str, Any] | None:
        """Returns the model's files as `probe.model` finds them; None: it is not there."""
        answer = self._answer("model", [list(place)], FILES_S)
        return None if answer is None else dict(mapping(answer))

    def files(
        self, names: list[str], folders: list[str], suffixes: list[str]
    ) -> tuple[dict[str, str | None], list[str]]:
        """Returns (file of the project → SHA-256, None if it is not there; further files)."""
        answer = mapping(self._answer("files", [names, folders, suffixes], FILES_S))
        hashes, further = mapping(answer.get("hashes")), answer.get("further")
        listed = further if isinstance(further, list | tuple) else []
        return {name: text(hashes.get(name)) for name in names}, [shortened(n) for n in listed if isinstance(n, str)]

    def times(self, *, throughput: bool, now: Callable[[], float] = time.time) -> HostTimes:
        """Returns the offset of the host's clock, by the middle of the shortest of some round trips."""
        trips = [self._trip(now) for _ in range(ROUND_TRIPS)]
        round_trip_s, offset_s = min(trips)
        if not throughput:
            return HostTimes(offset_s=offset_s, round_trip_s=round_trip_s)
        return HostTimes(
            offset_s=offset_s,
            round_trip_s=round_trip_s,
            upload_bytes_s=self._rate(["size", os.urandom(MEASURED_BYTES)], round_trip_s),
            download_bytes_s=self._rate(["data", MEASURED_BYTES], round_trip_s),
        )

    def close(self) -> None:
        """End the probe, so that the gateway can run something else."""
        self._send(None)
        self._within(lambda: self._channel.waitclose(ANSWER_S))

    def _trip(self, now: Callable[[], float]) -> tuple[float, float]:
        """(round trip in seconds, offset of the host's clock in seconds)."""
        sent_s, began_s = now(), time.perf_counter()
        there_s = self._exchange(["time", None], ANSWER_S)
        trip_s = time.perf_counter() - began_s
        if type(there_s) is not float or not abs(there_s) < LATEST_S:  # not a number fails too
            raise _unreadable("its clock")
        return trip_s, there_s - (sent_s + trip_s / 2)

    def _rate(self, question: list[Any], round_trip_s: float) -> float:
        began_s = time.perf_counter()
        self._exchange(question, FILES_S)
        return MEASURED_BYTES / max(time.perf_counter() - began_s - round_trip_s, 1e-6)

    def _answer(self, name: str, arguments: list[Any], timeout_s: float) -> Any:
        answer = self._exchange([name, arguments], timeout_s)
        if not isinstance(answer, list | tuple) or len(answer) != 2 or answer[0] not in ("ok", "error"):
            raise _unreadable(f"its {name}")
        if answer[0] == "error":
            raise HostError(
                f"it cannot say its {name} ({shortened(str(answer[1]))}); does the folder of chdir= exist?"
            )
        return answer[1]

    def _exchange(self, question: Any, timeout_s: float) -> Any:
        self._send(question)
        return self._within(lambda: self._channel.receive(timeout_s))

    def _send(self, message: Any) -> None:
        try:
            within(ANSWER_S, lambda: self._within(lambda: self._channel.send(message)))  # blocks if the pipe is full
        except TimeoutError:
            raise HostError(SILENT) from None

    def _within(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except self._channel.TimeoutError:
            raise HostError(SILENT) from None
        except (OSError, EOFError) as error:
            raise HostError(f"its connection ended ({shortened(str(error))}); run the same command again") from None
        except self._channel.RemoteError as error:
            lines = str(error).strip().splitlines()
            raise HostError(f"the check fails there: {shortened(lines[-1] if lines else 'no reason')}") from None


def mapping(value: Any) -> Mapping[Any, Any]:
    """Returns a dictionary of an answer; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    """Returns a text of an answer, safe to print and short; None for anything else."""
    return shortened(value) if isinstance(value, str) else None


def count(value: Any) -> int | None:
    """Returns a number of an answer that counts something; None for anything else."""
    return value if type(value) is int and 0 <= value < 2**63 else None


def _disk(value: Any) -> Disk:
    found = mapping(value)
    writable = found.get("writable")
    return Disk(
        folder=text(found.get("folder")) or "?",
        free_bytes=count(found.get("free_bytes")),
        writable=writable if isinstance(writable, bool) else None,
    )


def _unreadable(what: str) -> HostError:
    return HostError(f"its answer cannot be read ({what}); does something else than Python answer?")
