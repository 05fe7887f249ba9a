"""One preset: its file, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ..errors import ParameterError, TaskError, UsageError, did_you_mean
from ..model_names import parse_model
from ..registry import strategies
from ..strategies.bind import bind_strategy
from ..taskfile.document import Document
from ..taskfile.paths import MEGABYTE, Source, task_source
from ..taskfile.scalar import as_written, describe, plain_value
from ..taskfile.yaml_source import parse_yaml
from ..types import Spec

TEXTS = ("name", "description", "paper", "strategy", "provider", "model")
FIELDS = (*TEXTS, "parameters")


@dataclass(frozen=True, kw_only=True, slots=True)
class Preset:
    """A strategy with parameters, and optionally a model, under a name."""

    name: str
    description: str
    strategy: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    paper: str = ""
    provider: str = ""  # empty: the run's
    model: str = ""  # empty: the provider's default
    path: Path
    built_in: bool = False

    @property
    def named_model(self) -> str:
        """`PROVIDER[:MODEL]` of the model that the preset names; empty if it names none."""
        return ":".join(filter(None, (self.provider or ("mlx" if self.model else ""), self.model)))


def read_preset(path: Path, root: Path, *, built_in: bool = False) -> Preset:
    """Return the preset in a file. Raises UsageError with file and line for whatever is wrong."""
    source = task_source(path, root)
    try:
        return _Reader(source, parse_yaml(source.text(MEGABYTE), source)).preset(built_in=built_in)
    except TaskError as error:
        raise UsageError(f"preset {error!s}") from error


@dataclass(frozen=True, slots=True)
class _Reader:
    source: Source
    document: Document

    def preset(self, *, built_in: bool) -> Preset:
        written = self.document.data
        if not isinstance(written, dict):
            self._refuse((), f"must be a mapping with `strategy:` and `parameters:`, got {describe(written)}")
        for key in written:
            if key not in FIELDS:
                self._refuse((key,), f"no such field{did_you_mean(key, FIELDS)} (fields: {', '.join(FIELDS)})")
        texts = {key: self._text(key, written[key]) for key in TEXTS if written.get(key) is not None}
        self._check(texts)
        parameters = self._parameters(texts["strategy"], written.get("parameters"))
        name = texts.pop("name", self.source.path.stem)
        return Preset(**texts, name=name, parameters=parameters, path=self.source.path, built_in=built_in)

    def _text(self, key: str, value: Any) -> str:
        text = as_written(value)
        if text is None or not text.strip():
            self._refuse((key,), f"must be a text, got {describe(value)}")
        return text

    def _check(self, texts: Mapping[str, str]) -> None:
        stem = self.source.path.stem
        for key in ("strategy", "description"):
            if key not in texts:
                self._refuse((), f"needs `{key}:`, {NEEDS[key]}")
        if not re.fullmatch(r"[A-Za-z0-9][\w-]*", stem):
            self._refuse((), f"{stem!r} is not a name of a preset; use letters, digits, '_' and '-'")
        if texts.get("name", stem) != stem:
            self._refuse(("name",), f"must be that of the file, {stem!r}, got {texts['name']!r}; rename one of them")
        if texts["strategy"] not in (names := strategies.names()):
            hint = did_you_mean(texts["strategy"], names)
            self._refuse(
                ("strategy",), f"unknown strategy {texts['strategy']!r}{hint} (registered: {', '.join(names)})"
            )
        if "provider" in texts or "model" in texts:
            named = f"{texts.get('provider', 'mlx')}:{texts['model']}" if "model" in texts else texts["provider"]
            try:
                parse_model(named, "provider")
            except UsageError as error:
                self._refuse(("provider",), str(error))

    def _parameters(self, strategy: str, written: Any) -> dict[str, Any]:
        if not isinstance(written, dict | None):
            self._refuse(("parameters",), f"must be a mapping {{parameter: value}}, got {describe(written)}")
        parameters: dict[str, Any] = plain_value(written or {})
        try:
            bind_strategy(Spec(name=strategy, params=parameters))
        except ParameterError as error:
            self._refuse(("parameters", str(error.parameter)), str(error))
        except UsageError as error:
            self._refuse(("strategy",), str(error))
        return parameters

    def _refuse(self, field_path: tuple[str, ...], message: str) -> NoReturn:
        field_name = ".".join(field_path) or None
        raise self.source.error(message, line=self.document.line(field_path), field=field_name)


NEEDS = {"strategy": "the name of a strategy", "description": "a sentence that says what the preset does"}
