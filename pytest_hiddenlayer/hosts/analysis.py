"""What a host's own answers show: versions, machine, disks, clock and network. Nothing is asked here."""

from __future__ import annotations

from ..local_models import size_text
from .commands import install_command
from .needs import REQUIRED, HostNeeds
from .report import Disk, Finding, HostFacts, HostTimes, fault, note, ok
from .specs import HostSpec

OLDEST_PYTHON = (3, 11)
CLOCK_NOTE_S, CLOCK_FAULT_S = 2.0, 300.0
ROOM_BYTES = 64 * 2**20  # that a run may need besides the project's files


def analyse(spec: HostSpec, needs: HostNeeds, facts: HostFacts, times: HostTimes) -> list[Finding]:
    """Returns what the host's own answers show: versions, machine, disks, clock and network."""
    python = python_finding(needs, facts)
    packages = [] if python.level == "fault" else package_findings(spec, needs, facts)  # another Python has others
    return [
        python,
        *packages,
        *machine_findings(needs, facts),
        disk_finding("caches", facts.cache, ROOM_BYTES + sent_bytes(spec, needs)),
        disk_finding("temporary files", facts.tmp, ROOM_BYTES),
        clock_finding(times),
        ok("network", network_text(times)),
    ]


def python_finding(needs: HostNeeds, facts: HostFacts) -> Finding:
    """Returns whether its Python runs this package; another minor version than here is a note."""
    found = ".".join(map(str, facts.python))
    if facts.python[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return fault(
            "python", f"it needs Python {oldest} or later, but has {found}; name another one with //python=PATH"
        )
    if facts.python[:2] != needs.python[:2]:
        here = ".".join(map(str, needs.python))
        return note("python", f"it has Python {found}, and this machine {here}; task code must run on both")
    return ok("python", f"Python {found}")


def package_findings(spec: HostSpec, needs: HostNeeds, facts: HostFacts) -> list[Finding]:
    """Returns how its packages differ from this machine's: a fault if a run cannot work, else a note."""
    lacking, other = [], []
    for name, here in needs.packages.items():
        if here is None or (found := facts.packages.get(name)) == here:
            continue
        if _hinders(name, found, here):
            lacking.append((name, found, here))
        else:
            other.append((name, found, here))
    findings = []
    if lacking:
        listed = ", ".join(f"{name} {here} (it has {found or 'none'})" for name, found, here in lacking)
        extras = {"mlx": "mlx[cpu]"} if facts.system == "Linux" else {}
        command = install_command(spec, [(extras.get(name, name), here) for name, _, here in lacking])
        findings.append(fault("packages", f"it needs {listed}; run {command}"))
    if other:
        listed = ", ".join(f"{name} {found or 'not installed'} (here {here})" for name, found, here in other)
        findings.append(note("packages", f"other versions: {listed}"))
    if _code_differs(needs, facts):
        findings.append(
            note("packages", "its pytest-hiddenlayer has the same version but other code; install the same commit")
        )
    return findings or [ok("packages", "the same versions")]


def _code_differs(needs: HostNeeds, facts: HostFacts) -> bool:
    name = "pytest-hiddenlayer"
    same = facts.packages.get(name) == needs.packages.get(name)
    return same and None not in (facts.code, needs.code) and facts.code != needs.code


def _hinders(name: str, found: str | None, here: str) -> bool:
    if name == "pytest-hiddenlayer":
        return True
    if found is None:
        return name != "pytest-xdist"  # a worker gets its part of it from the controller
    return found.partition(".")[0] != here.partition(".")[0] and name in REQUIRED


def machine_findings(needs: HostNeeds, facts: HostFacts) -> list[Finding]:
    """Returns system, cores and memory, and whether mlx can run there."""
    system = f"{facts.system} {facts.machine}"
    findings = [ok("machine", machine_text(facts))]
    if "mlx" not in needs.packages:
        return findings
    if facts.system != "Linux" and (facts.system, facts.machine) != ("Darwin", "arm64"):
        findings.append(
            fault(
                "machine", f"mlx needs Apple silicon or Linux, but it is {system}; leave it out, or choose a provider"
            )
        )
    elif system != needs.system:
        findings.append(
            note(
                "machine", f"it is {system}, and this machine {needs.system}: equal seeds may give other texts there"
            )
        )
    return findings


def machine_text(facts: HostFacts) -> str:
    """Returns system, cores and memory in words; `?` is unknown."""
    system = "macOS" if facts.system == "Darwin" else facts.system
    cores = "?" if facts.cores is None else facts.cores
    return f"{system} {facts.release} {facts.machine}, {cores} cores, {size_text(facts.memory_bytes)}"


def sent_bytes(spec: HostSpec, needs: HostNeeds) -> int:
    """Returns the bytes of the project's files, if they are sent to this host."""
    parsed = spec.parsed()
    local = parsed.popen and not parsed.via
    return 0 if needs.files is None or parsed.chdir or local else needs.files.total_bytes


def disk_finding(purpose: str, disk: Disk, needed_bytes: int) -> Finding:
    """Returns whether this user can write to a folder, and whether it has so much free space."""
    if disk.writable is False:
        return fault(
            "disk", f"it needs a folder for {purpose}, but {disk.folder} cannot be written; let its user write there"
        )
    if disk.free_bytes is None:
        return note("disk", f"{disk.folder}: free space is unknown")
    if disk.free_bytes < needed_bytes:
        needed, free = size_text(needed_bytes), size_text(disk.free_bytes)
        return fault(
            "disk", f"it needs {needed} for {purpose}, but {disk.folder} has {free} free; delete something there"
        )
    return ok("disk", f"{disk.folder}: {size_text(disk.free_bytes)} free")


def clock_finding(times: HostTimes) -> Finding:
    """Returns whether its clock agrees with this one; the offset is known to half a round trip."""
    offset, doubt = times.offset_s, times.round_trip_s / 2
    text = f"{duration(offset)} {'ahead' if offset > 0 else 'behind'}"
    if abs(offset) - doubt > CLOCK_FAULT_S:
        return fault(
            "clock",
            f"its clock must agree with this machine's, but is {text}: its records would have wrong times, and it "
            "might refuse certificates; set its clock, such as by NTP",
        )
    if abs(offset) - doubt > CLOCK_NOTE_S:
        return note("clock", f"its clock is {text}, and so are the times in its records")
    return ok("clock", f"within {max(abs(offset), doubt):.2f} s")


def network_text(times: HostTimes) -> str:
    """Returns round trip and throughput in words."""
    text = f"round trip {times.round_trip_s * 1000:.1f} ms"
    if times.upload_bytes_s is None or times.download_bytes_s is None:
        return text
    return f"{text}, {size_text(int(times.upload_bytes_s))}/s there, {size_text(int(times.download_bytes_s))}/s back"


def keepalive_finding(interval_s: int | None) -> Finding | None:
    """Returns how ssh itself notices a cut connection; None: unknown. A run itself asks for signs of life."""
    if interval_s is None:
        return None
    text = (
        f"ssh asks every {interval_s} s whether the host is alive"
        if interval_s
        else "ssh does not ask whether the host is alive"
    )
    return ok("keepalive", text)


def duration(seconds: float) -> str:
    """Returns a length of time in words, without a sign."""
    whole = round(abs(seconds))
    if whole < 120:
        return f"{abs(seconds):.1f} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
