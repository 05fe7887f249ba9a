"""What a check of a host found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Level = Literal["ok", "note", "fault"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was checked. A fault says what is needed, what was found and what to do."""

    check: str  # connection, python, packages, machine, memory, disk, model, files, clock, network or keepalive
    level: Level
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Disk:
    """Where a host keeps files. None is unknown."""

    folder: str
    free_bytes: int | None
    writable: bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HostFacts:
    """What a host says of itself, checked for its types. None is unknown."""

    python: tuple[int, int, int]
    system: str
    release: str
    machine: str
    cores: int | None
    memory_bytes: int | None
    cache: Disk
    tmp: Disk
    packages: Mapping[str, str | None]  # None: not installed
    code: str | None  # hash of pytest_hiddenlayer's Python files


@dataclass(frozen=True, kw_only=True, slots=True)
class HostTimes:
    """Clock and network of a host, measured from here. None is unknown."""

    offset_s: float  # the host's clock minus this one
    round_trip_s: float  # the shortest; the offset is known to half of it
    upload_bytes_s: float | None = None  # bytes per second to the host
    download_bytes_s: float | None = None  # bytes per second from the host


@dataclass(frozen=True, kw_only=True, slots=True)
class HostReport:
    """What was found on one host. `facts` and `times` are None if it could not be asked."""

    name: str
    spec: str  # as it was written for --tx, without a factor
    workers: int = 1
    facts: HostFacts | None = None
    times: HostTimes | None = None
    findings: tuple[Finding, ...] = field(default=())

    @property
    def fits(self) -> bool:
        """Whether the host lacks nothing that a run needs."""
        return not any(finding.level == "fault" for finding in self.findings)

    def texts(self, level: Level) -> list[str]:
        """Returns the sentences of one level."""
        return [finding.text for finding in self.findings if finding.level == level]

    def __str__(self) -> str:
        lines = [f"{self.name}: {'fits' if self.fits else 'lacks something'}"]
        lines += [f"  {f.level}: {f.check}: {f.text}" for f in self.findings if f.level != "ok"]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values, as `hiddenlayer hosts check --json` prints them."""
        return {**asdict(self), "fits": self.fits}


def faults(report: HostReport) -> list[str]:
    """Returns one sentence per fault: the host, what is needed, what was found, what to do."""
    return [f"host {report.name}: {text}" for text in report.texts("fault")]


def ok(check: str, text: str) -> Finding:
    """Returns a finding that all is well."""
    return Finding(check=check, level="ok", text=text)


def note(check: str, text: str) -> Finding:
    """Returns a finding that hinders no run, but should be known."""
    return Finding(check=check, level="note", text=text)


def fault(check: str, text: str) -> Finding:
    """Returns a finding that hinders a run: what is needed, what was found, what to do."""
    return Finding(check=check, level="fault", text=text)
