"""Checks hosts: one through a gateway that is open, or all of them at once, each through a gateway of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .analysis import analyse, keepalive_finding
from .answers import HostProbe
from .connection import CONNECT_S, HostError, open_gateway
from .contents import file_findings, model_findings
from .needs import COLLECTED, FilesNeed, HostNeeds
from .report import Finding, HostReport, fault, ok
from .specs import HostSpec

if TYPE_CHECKING:
    from execnet import Gateway

AT_ONCE = 32  # hosts


def check_hosts(specs: Sequence[HostSpec], needs: HostNeeds, *, timeout_s: float = CONNECT_S) -> list[HostReport]:
    """Returns a report on each host, in order. They are asked at the same time; nothing is written there."""
    with ThreadPoolExecutor(max_workers=min(AT_ONCE, max(1, len(specs)))) as pool:
        return list(pool.map(lambda spec: check_spec(spec, needs, timeout_s=timeout_s), specs))


def check_spec(spec: HostSpec, needs: HostNeeds, *, timeout_s: float = CONNECT_S) -> HostReport:
    """Returns a report on one host, through a gateway that is opened and closed."""
    try:
        with open_gateway(spec, timeout_s) as gateway:
            return check_host(gateway, needs, spec)
    except HostError as error:
        return HostReport(
            name=spec.name, spec=spec.text, workers=spec.workers, findings=(fault("connection", str(error)),)
        )


def check_host(gateway: Gateway, needs: HostNeeds, spec: HostSpec | None = None) -> HostReport:
    """Returns a report on the host of an open gateway, which can run something else afterwards.

    `spec` is the gateway's own by default. If execnet has not changed to its `chdir=` yet, this does.
    """
    spec = spec or HostSpec(text=str(gateway.spec))
    findings: list[Finding] = []
    facts = times = None
    try:
        probe = HostProbe(gateway)
        times = probe.times(throughput=needs.measure)
        facts = probe.facts(needs.packages, None if gateway.spec.chdir else spec.parsed().chdir)
        findings += analyse(spec, needs, facts, times)
        for model in needs.models:
            findings += model_findings(spec, model, probe.model(model.place), facts)
        findings += _files(spec, needs.files, probe)
        probe.close()
    except HostError as error:
        findings.append(fault("connection", str(error)))
    else:
        findings.insert(0, ok("connection", "it answers"))
    keepalive = keepalive_finding(alive_interval_s(spec)) if needs.measure else None
    return HostReport(
        name=spec.name,
        spec=spec.text,
        workers=spec.workers,
        facts=facts,
        times=times,
        findings=(*findings, *([keepalive] if keepalive else [])),
    )


def _files(spec: HostSpec, need: FilesNeed | None, probe: HostProbe) -> list[Finding]:
    """The host's copy of the project, if it has its own."""
    if need is None:
        return []
    parsed = spec.parsed()
    if not parsed.chdir:
        here = parsed.popen and not parsed.via
        text = (
            "it reads the files of this machine" if here else f"{len(need.hashes):,} files are sent when a run starts"
        )
        return [ok("files", text)]
    found, further = probe.files(list(need.hashes), list(need.folders), list(COLLECTED))
    return file_findings(need, found, further)


def alive_interval_s(spec: HostSpec) -> int | None:
    """Returns after how many seconds of silence ssh asks a host for a sign of life; 0: never, None: unknown."""
    parsed = spec.parsed()
    if not parsed.ssh or parsed.via:
        return None
    config = ["-F", str(parsed.ssh_config)] if parsed.ssh_config else []
    command = ["ssh", "-G", *config, *str(parsed.ssh).split()]
    try:
        printed = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout
    except OSError:
        return None
    values = [line.split()[1] for line in printed.splitlines() if line.startswith("serveraliveinterval ")]
    return int(values[0]) if values and values[0].isdecimal() else None
