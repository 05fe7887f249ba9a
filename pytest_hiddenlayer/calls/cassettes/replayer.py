"""Replays recorded calls from a folder of cassettes, without any model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...errors import HiddenLayerError, ProviderError, UsageError
from ...io.locks import locked_folder
from ...protocols import ProviderCapabilities, traits_of
from ...registry import providers
from ...types import Completion, Request
from ..cache_key import cache_key_fields, call_key
from .closest import ClosestCall, differences
from .format import RecordedCall, normalize_model_path, parse_line, portable_model, read_cassette
from .recorder import Recorder, cassettes, parts

__all__ = ["Recorder", "ReplayProvider", "Replayer"]


class Replayer:
    """Answers calls from a folder of cassettes; never opens a model or a connection.

    Raises UsageError if the folder holds no cassette, or a line that is not a recorded call.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lines: dict[str, bytes] = {}
        self._models: dict[tuple[str, str], list[str]] = defaultdict(list)  # (provider, model) → keys
        self._with_schema: set[tuple[str, str]] = set()
        self._closest: dict[tuple[str, str] | None, ClosestCall] = {}
        if folder.is_dir():
            self._read()
        if not self._lines:
            raise UsageError(
                f"--replay {folder}: no recorded calls (*.jsonl) there; make some with --record {folder}"
            )

    def model(self, provider: str, model: str | None = None) -> ReplayProvider:
        """A provider that replays the model's calls. Raises UsageError if `model` is None and ambiguous."""
        name = model or self._default(provider)
        with_schema = (provider, portable_model(name)) in self._with_schema
        return ReplayProvider(self, provider, name, supports_json_schema=with_schema)

    def find(self, provider: str, model: str, endpoint: str, request: Request) -> Completion:
        """The recorded answer to this call, from any server. Raises ProviderError if there is none."""
        call = normalize_model_path(cache_key_fields(provider, model, endpoint, request))
        line = self._lines.get(call_key(call)) or self._lines.get(call_key(_of_version_0_1(call)))
        if line is None:
            raise ProviderError(self._missing_message(call))
        return parse_line(line).completion

    def _read(self) -> None:
        with locked_folder(self.folder):  # no merge removes a file meanwhile
            for path in cassettes(self.folder):
                self._add_all(read_cassette(path))
            merged = frozenset(self._lines)  # a hidden file adds calls; it replaces none that a reviewer could see
            for path in parts(self.folder):
                self._add_all(call for call in read_cassette(path, growing=True) if call.key not in merged)

    def _add_all(self, calls: Iterable[RecordedCall]) -> None:
        for call in calls:
            model = (call.key_fields["provider"], call.key_fields["model"])
            key = call.key
            if key not in self._lines:
                self._models[model].append(key)
            self._lines[key] = call.line
            if call.key_fields["schema"] is not None:
                self._with_schema.add(model)

    def _default(self, provider: str) -> str:
        recorded = [model for name, model in self._models if name == provider]
        try:
            default = traits_of(providers.get(provider)).default_model
        except HiddenLayerError:
            default = None
        if default is not None and (portable_model(default) in recorded or not recorded):
            return default
        if len(recorded) == 1:
            return recorded[0]
        raise UsageError(
            f"--replay {self.folder}: --provider {provider} names no model; "
            f"recorded models: {self._recorded_models()}; write --provider {provider}:MODEL"
        )

    def _missing_message(self, call: Mapping[str, Any]) -> str:
        model = (call["provider"], call["model"])
        recorded = "" if model in self._models else f" (recorded models: {self._recorded_models()})"
        closest = self._closest_call(model if model in self._models else None).find(call)
        assert closest is not None  # a replayer without calls is not opened
        return (
            f"--replay {self.folder}: no recorded answer of {model[0]}:{model[1]}{recorded} "
            f"for the call of {_position(call)}; record it with --record {self.folder}. "
            f"The closest recorded call is of {_position(closest)} and differs in {differences(call, closest)}"
        )

    def _closest_call(self, model: tuple[str, str] | None) -> ClosestCall:
        if model not in self._closest:
            keys = self._lines if model is None else self._models[model]
            self._closest[model] = ClosestCall(parse_line(self._lines[key]).key_fields for key in keys)
        return self._closest[model]

    def _recorded_models(self) -> str:
        return ", ".join(f"{provider}:{model}" for provider, model in sorted(self._models))


class ReplayProvider:
    """A provider that returns recorded answers; needs neither the model nor its SDK."""

    def __init__(self, replayer: Replayer, provider: str, model: str, *, supports_json_schema: bool = False) -> None:
        self.model = model
        self.capabilities = ProviderCapabilities(supports_json_schema=supports_json_schema)
        self._replayer, self._provider = replayer, provider

    async def complete(self, request: Request) -> Completion:
        """Return the recorded answer. If there is none, raises ProviderError that describes the closest call."""
        return self._replayer.find(self._provider, self.model, "", request)

    async def close(self) -> None:
        """Do nothing: there is no connection."""


def _of_version_0_1(call: Mapping[str, Any]) -> dict[str, Any]:
    """The call as version 0.1 recorded it: with temperature 0 and top_p 1 if they were not set."""
    params = {"temperature": 0.0, "top_p": 1.0, **call["params"]}
    return {**call, "params": params}


def _position(call: Mapping[str, Any]) -> str:
    return f"{call['role']} in round {call['round']} of sample {call['sample']!r}, epoch {call['epoch']}"
