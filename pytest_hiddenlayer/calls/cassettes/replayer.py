"""Cassettes: what a run's calls were answered, in a folder, to answer another run without any model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...errors import HiddenLayerError, ProviderError, UsageError
from ...protocols import ProviderCapabilities, traits_of
from ...registry import providers
from ...types import Completion, Request
from ..cache_key import cache_key_fields, call_key
from .closest import Nearest, differences
from .format import RecordedCall, normalize_model_path, parse_line, portable_model, read_cassette
from .recorder import Recorder, locked, parts

__all__ = ["Recorder", "ReplayProvider", "Replayer"]


class Replayer:
    """Answers calls from a folder of cassettes; it never opens a model or a connection.

    Raises UsageError where the folder holds no cassette, or a line that is no recorded call.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines: dict[str, bytes] = {}
        self._models: dict[tuple[str, str], list[str]] = defaultdict(list)  # (provider, model) → keys
        self._with_schema: set[tuple[str, str]] = set()
        self._nearest: dict[tuple[str, str] | None, Nearest] = {}
        if folder.is_dir():
            self._read()
        if not self._lines:
            raise UsageError(
                f"--replay {folder}: no recorded calls (*.jsonl) there; make some with --record {folder}"
            )

    def model(self, provider: str, model: str | None = None) -> ReplayProvider:
        """A provider that stands for the real one. Raises UsageError where several models could be meant."""
        name = model or self._default(provider)
        own = (provider, portable_model(name))
        return ReplayProvider(self, provider, name, supports_json_schema=own in self._with_schema)

    def find(self, provider: str, model: str, endpoint: str, request: Request) -> Completion:
        """The recorded answer to this call, from whichever server. Raises ProviderError where there is none."""
        asked = normalize_model_path(cache_key_fields(provider, model, endpoint, request))
        line = self._lines.get(call_key(asked))
        if line is None:
            raise ProviderError(self._missed(asked))
        return parse_line(line).completion

    def _read(self) -> None:
        with locked(self.folder):  # no merge takes a file away meanwhile
            for path in sorted(path for path in self.folder.glob("*.jsonl") if not path.name.startswith(".")):
                self._add_all(read_cassette(path))
            for path in parts(self.folder):
                self._add_all(read_cassette(path, growing=True))

    def _add_all(self, calls: Iterable[RecordedCall]) -> None:
        for call in calls:
            own = (call.identity["provider"], call.identity["model"])
            key = call.key
            if key not in self._lines:
                self._models[own].append(key)
            self._lines[key] = call.line
            if call.identity["schema"] is not None:
                self._with_schema.add(own)

    def _default(self, provider: str) -> str:
        recorded = [model for name, model in self._models if name == provider]
        try:
            usual = traits_of(providers.get(provider)).default_model
        except HiddenLayerError:
            usual = None
        if usual is not None and (portable_model(usual) in recorded or not recorded):
            return str(usual)
        if len(recorded) == 1:
            return recorded[0]
        raise UsageError(
            f"--replay {self.folder}: --provider {provider} names no model, recorded are {self._told()}; "
            f"write --provider {provider}:MODEL"
        )

    def _missed(self, asked: Mapping[str, Any]) -> str:
        own = (asked["provider"], asked["model"])
        told = "" if own in self._models else f" (recorded are {self._told()})"
        nearest = self._near(own if own in self._models else None).find(asked)
        assert nearest is not None  # a replayer without calls is not opened
        return (
            f"--replay {self.folder}: no answer is recorded of {own[0]}:{own[1]}{told} "
            f"to the call of {_where(asked)}; record it with --record {self.folder}. "
            f"The nearest recorded call is of {_where(nearest)} and differs in {differences(asked, nearest)}"
        )

    def _near(self, own: tuple[str, str] | None) -> Nearest:
        if own not in self._nearest:
            keys = self._lines if own is None else self._models[own]
            self._nearest[own] = Nearest(parse_line(self._lines[key]).identity for key in keys)
        return self._nearest[own]

    def _told(self) -> str:
        return ", ".join(f"{provider}:{model}" for provider, model in sorted(self._models))


class ReplayProvider:
    """A provider whose every answer was recorded; it needs neither the model nor its client."""

    def __init__(self, replayer: Replayer, provider: str, model: str, *, supports_json_schema: bool = False) -> None:
        self.model = model
        self.capabilities = ProviderCapabilities(supports_json_schema=supports_json_schema)
        self._replayer, self._provider = replayer, provider

    async def complete(self, request: Request) -> Completion:
        """The recorded answer. Raises ProviderError with the nearest recorded call where there is none."""
        return self._replayer.find(self._provider, self.model, "", request)

    async def close(self) -> None:
        """Nothing is open."""


def _where(call: Mapping[str, Any]) -> str:
    return f"{call['role']} in round {call['round']} of sample {call['sample']!r}, epoch {call['epoch']}"
