"""Models and files of a host, compared with this machine's. Nothing is asked here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..local_models import size_text
from .answers import count
from .commands import host_command
from .needs import FilesNeed, ModelNeed
from .report import Finding, HostFacts, fault, note, ok
from .specs import HostSpec

SHOWN_FILES = 3


def model_findings(
    spec: HostSpec, need: ModelNeed, found: Mapping[str, Any] | None, facts: HostFacts
) -> list[Finding]:
    """Returns whether the host has the model, and the same one; `found` is what `probe.model` found there."""
    if need.place[0] == "ollama":
        return [_ollama_finding(spec, need, found)]
    if not found:
        return [fault("model", f"it needs {need.name}, which is not there; {_copy(spec, need)}")]
    differing = sorted(
        name for name, state in (need.expected or {}).items() if _state(found.get(name)) != _state(state)
    )
    if differing:
        return [
            fault("model", f"its {need.name} differs from this machine's ({some(differing)}); {_copy(spec, need)}")
        ]
    memory = _memory_finding(need, found, facts)
    if need.expected is None:
        same = note("model", f"{need.name} is there; this machine has no copy to compare it with")
    else:
        same = ok("model", f"{need.name}: the same files")
    return [same, *([memory] if memory else [])]


def _state(value: Any) -> Any:
    return tuple(value) if isinstance(value, list | tuple) else value


def _copy(spec: HostSpec, need: ModelNeed) -> str:
    kind, place = need.place[0], need.place[1]
    if kind == "package":
        return "it is part of the package: install the same version there"
    if kind == "cache":
        return "fetch it: " + host_command(
            spec, ["-m", "pytest_hiddenlayer.cli", "models", "get", need.name.partition(":")[2]]
        )
    if kind == "hub":
        revision = (need.expected or {}).get("revision")
        of = f", revision={revision!r}" if revision else ""
        code = f"from huggingface_hub import snapshot_download as get; get({place!r}{of})"
        return "fetch it: " + host_command(spec, ["-c", code])
    return f"copy {place} to the same place there (a relative path starts in the project)"


def _ollama_finding(spec: HostSpec, need: ModelNeed, found: Mapping[str, Any] | None) -> Finding:
    name = need.place[1]
    if found is None:
        return fault("model", "it needs an Ollama server, but none answers there; start it with `ollama serve`")
    if not name:
        return note("model", "Ollama answers; name the model with --provider ollama:MODEL to have it compared")
    tags = [tag for tag in (name, f"{name}:latest") if tag in found]
    here = next((need.expected[tag] for tag in tags if need.expected and tag in need.expected), None)
    if not tags:
        return fault("model", f"it needs {need.name}, which its Ollama does not have; run `ollama pull {name}` there")
    if here is not None and here != found[tags[0]]:
        return fault("model", f"its {need.name} has another digest than here; run `ollama pull {name}` on both")
    return ok("model", f"{need.name}: " + ("the same digest" if here else "it is there"))


def _memory_finding(need: ModelNeed, found: Mapping[str, Any], facts: HostFacts) -> Finding | None:
    states = [_state(state) for state in found.values()]
    needed = sum(count(state[0]) or 0 for state in states if isinstance(state, tuple) and state)
    if facts.memory_bytes is None or needed <= facts.memory_bytes:
        return None
    return fault(
        "memory",
        f"{need.name} needs {size_text(needed)} of memory, but it has {size_text(facts.memory_bytes)}; "
        "choose a smaller model",
    )


def file_findings(need: FilesNeed, found: Mapping[str, str | None], further: list[str]) -> list[Finding]:
    """Returns how the host's copy of the project differs from this one."""
    missing = sorted(name for name, digest in need.hashes.items() if digest and not found.get(name))
    changed = sorted(name for name, digest in need.hashes.items() if digest and found.get(name) not in (None, digest))
    equal = len(need.hashes) - len(missing) - len(changed)
    findings = []
    if missing or changed:
        parts = [
            f"{len(names)} {what} ({some(names)})"
            for names, what in ((changed, "changed"), (missing, "missing"))
            if names
        ]
        findings.append(
            fault(
                "files",
                f"its project must equal this one: {equal:,} files are equal, {' and '.join(parts)}; copy them, "
                "or leave out //chdir=, so that the files are sent",
            )
        )
    else:
        findings.append(ok("files", f"{equal:,} files are equal"))
    if only := sorted(set(further) - need.further):
        findings.append(note("files", f"only there: {some(only)}; pytest may collect them there and nowhere else"))
    return findings


def some(names: list[str]) -> str:
    """Returns the first names, and how many follow."""
    rest = len(names) - SHOWN_FILES
    return ", ".join(names[:SHOWN_FILES]) + (f" and {rest} more" if rest > 0 else "")
