"""The user's price file: dated prices in YAML that take precedence over every list.

    prices:
      - {provider: openai, model: my-finetune*, since: 2026-01-31, input: 0.40, cached_input: 0.10, output: 1.60}

US dollars per million tokens. `model` may end in `*`. Of several matching entries, the newest one
applies whose `since` is not after the day of the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from ...errors import UsageError, did_you_mean
from ...io.regular_files import open_regular
from ...types import Usage

_NEEDED = ("provider", "model", "since", "input", "output")
_MONEY = ("input", "cached_input", "cache_write", "output", "batch_factor")
_FIELDS = ("provider", "model", "since", *_MONEY)
_MTOK = Decimal(1_000_000)
MAX_BYTES = 1_000_000
"""The largest price file that is read."""
_DEPTH = 3  # the mapping, the list, an entry
MAX_PRICE = 1_000_000
"""The highest price, in US dollars per million tokens: a higher one is a mistake, and would not fit into a record."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnPrice:
    """One entry."""

    provider: str  # the registered name
    model: str  # full name, or a prefix and `*`
    since: date
    input: Decimal  # US dollars per million tokens, as the three below
    output: Decimal
    cached_input: Decimal | None = None  # None: as input
    cache_write: Decimal | None = None  # None: as input
    batch_factor: Decimal = Decimal("0.5")  # factor of all prices, through a batch API

    def matches(self, provider: str, model: str) -> bool:
        """Whether the entry is for this model."""
        exact = model == self.model or model.rsplit("/", 1)[-1] == self.model
        return provider == self.provider and (
            model.startswith(self.model[:-1]) if self.model.endswith("*") else exact
        )

    @property
    def is_free(self) -> bool:
        """Whether no token costs anything."""
        return not any((self.input, self.output, self.cached_input, self.cache_write))

    def cost(self, usage: Usage, *, batch: bool) -> Decimal | None:
        """US dollars for these tokens; None if input or output tokens are unknown and not free."""
        if usage.input_tokens is None or usage.output_tokens is None:
            return Decimal(0) if self.is_free else None
        read, written = usage.cached_input_tokens or 0, usage.cache_write_tokens or 0
        plain = max(usage.input_tokens - read - written, 0)
        total = plain * self.input + usage.output_tokens * self.output
        total += read * (self.input if self.cached_input is None else self.cached_input)
        total += written * (self.input if self.cache_write is None else self.cache_write)
        return total * (self.batch_factor if batch else 1) / _MTOK


def read_own_prices(path: Path) -> tuple[OwnPrice, ...]:
    """The entries of a file. Raises UsageError with file, entry and field."""
    document = _read_yaml(path)
    if not isinstance(document, dict) or set(document) != {"prices"} or not isinstance(document["prices"], list):
        raise UsageError(f"{path}: write a key `prices` with a list of entries, and nothing else")
    return tuple(_entry(f"{path}: prices[{i}]", values) for i, values in enumerate(document["prices"]))


def _read_yaml(path: Path) -> Any:
    """The document of a file, its values as written. Raises UsageError, also for what could take endless memory."""
    import yaml

    # These loaders keep every value as written, so that 0.1 does not become a float before a Decimal.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # twenty times faster, if libyaml is installed
    try:
        with open_regular(path) as file:
            text = file.read(MAX_BYTES + 1).decode("utf-8")
        if len(text.encode()) > MAX_BYTES:
            raise UsageError(f"{path}: larger than {MAX_BYTES:,} bytes; keep only the entries that you need")
        depth = 0
        for event in yaml.parse(text, Loader=loader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if isinstance(event, yaml.AliasEvent) or depth > _DEPTH:
                line = f":{event.start_mark.line + 1}" if event.start_mark else ""
                raise UsageError(f"{path}{line}: write each entry out as a mapping, without aliases and nesting")
        return yaml.load(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f":{mark.line + 1}" if mark else ""
        raise UsageError(f"{path}{line}: cannot be read as YAML: {error.problem}; correct the file") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = str(error).partition("\n")[0]
        raise UsageError(f"{path}: cannot be read as YAML: {reason}; correct the file, or remove it") from error


def _entry(location: str, values: Any) -> OwnPrice:
    if not isinstance(values, dict):
        raise UsageError(f"{location}: must be a mapping with {', '.join(_NEEDED)}; got {str(values)[:80]!r}")
    for name in values:
        if name not in _FIELDS:
            known = f"fields: {', '.join(_FIELDS)}"
            raise UsageError(f"{location}: unknown field {name!r}{did_you_mean(str(name), _FIELDS)} ({known})")
    if missing := [name for name in _NEEDED if not values.get(name)]:
        raise UsageError(f"{location}: {missing[0]} is missing")
    try:
        since = date.fromisoformat(values["since"])
    except (TypeError, ValueError):
        raise UsageError(f"{location}: since: write a date such as 2026-01-31, got {values['since']!r}") from None
    money = {name: _amount(f"{location}: {name}", values[name]) for name in _MONEY if name in values}
    return OwnPrice(provider=str(values["provider"]), model=str(values["model"]), since=since, **money)


def _amount(location: str, text: Any) -> Decimal:
    try:
        value = Decimal(text)
    except (InvalidOperation, TypeError, ValueError):
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= MAX_PRICE:
        raise UsageError(
            f"{location}: write US dollars per million tokens, from 0 to {MAX_PRICE:,}; got {str(text)[:40]!r}"
        )
    return value
