"""What one run was asked to do, and the one place that decides precedence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from .errors import UsageError
from .types import GenerationConfig, ModelName, Spec, Task

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """The options of a run; None means that nobody asked."""

    providers: tuple[ModelName, ...] = (ModelName(provider="mlx"),)
    strategies: tuple[Spec, ...] | None = None
    judge: ModelName | None = None
    epochs: int | None = None
    limit: int | None = None
    seed: int = 0
    generate: GenerationConfig = GenerationConfig()  # --hl-temperature, --hl-max-tokens
    concurrency: int | None = None  # calls in flight at most; None: adapts to what the server bears
    timeout_s: float | None = None  # of one attempt; None: the provider's own
    base_urls: Mapping[str, str] = field(default_factory=dict)  # provider → URL; "": every one that takes any
    ini_urls: frozenset[str] = frozenset()  # of them, those that only an ini file names: they get no key
    cache: str = "seeded"  # or all, off: which answers of servers are kept and used again
    record: Path | None = None  # folder of cassettes that calls are written to
    replay: Path | None = None  # folder of cassettes that answers come from; nothing is asked
    budget_usd: Decimal | None = None  # that may be spent
    prices: Path | None = None  # the user's own prices
    batch: bool = False  # through the batch APIs, where a provider has one
    stream: bool = False  # let answers come in pieces, where a provider does not by itself
    allow_task_models: bool = False  # task files may name models whose files are loaded
    strict: bool = False
    require_provider: bool = False
    gate: str = "regression"  # or threshold, require, off
    gate_underpowered: str = "pass"  # or fail
    adaptive: bool = False  # stop repeating epochs once the verdict is decided
    equal_budget: bool = False  # ask the model alone as often as strategies of several calls did
    match: str = "hash"  # or id: samples are compared though their prompt changed
    baseline: str | None = None
    resume: Path | None = None  # folder of a run whose answers are taken over


def first(*values: T | None) -> T | None:
    """The first value that somebody set, in the order option > marker > ini > task file > default.

    Every face builds this order by the order of its arguments; nothing else decides precedence.
    """
    return next((value for value in values if value is not None), None)


def parse_model(text: str, option: str = "--provider") -> ModelName:
    """`PROVIDER[:MODEL]`, split at the first colon. Raises UsageError where a part is empty."""
    provider, colon, model = text.partition(":")
    if not provider or (colon and not model):
        raise UsageError(f"{option} {text!r}: write PROVIDER or PROVIDER:MODEL")
    return ModelName(provider=provider, model=model or None)


def name_models(
    providers: tuple[str, ...], model: str | None, known: Callable[[str], object]
) -> tuple[ModelName, ...]:
    """The models of `--provider` and `--model`. `known` raises for a provider nobody registered.

    Raises UsageError where `--model` does not meet exactly one provider without a model.
    """
    names = tuple(parse_model(text) for text in providers)
    for name in names:
        known(name.provider)
    doubled = {str(name) for name in names if names.count(name) > 1}
    if doubled:
        raise UsageError(f"--provider {', '.join(sorted(doubled))} was given twice")
    if model is None:
        return names
    open_ones = [name for name in names if name.model is None]
    if len(open_ones) != 1:
        shown = " ".join(f"--provider {name}" for name in names) or "no --provider"
        raise UsageError(
            f"--model {model!r} needs exactly one --provider without a model; found {shown}. "
            f"Write --provider PROVIDER:{model} instead"
        )
    if not model:
        raise UsageError("--model is empty: give a folder or a name")
    return tuple(ModelName(provider=n.provider, model=model) if n.model is None else n for n in names)


def parse_base_urls(texts: Sequence[str]) -> dict[str, str]:
    """`[PROVIDER=]URL` as provider → URL; "" for every provider that takes one. Raises UsageError."""
    found: dict[str, str] = {}
    for text in texts:
        name, _, url = text.partition("=") if re.match(r"\w+=", text) else ("", "", text)
        if not re.match(r"https?://[^/\s]+", url):
            raise UsageError(f"--hl-base-url {text!r}: write [PROVIDER=]URL, the URL with http:// or https://")
        if name in found:
            raise UsageError(f"--hl-base-url: two URLs for {name or 'every provider'}: {found[name]} and {url}")
        found[name] = url.rstrip("/")
    return found


def parse_budget(text: str) -> Decimal:
    """US dollars, above 0. Raises UsageError."""
    try:
        value = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        value = Decimal(0)
    if not (value.is_finite() and value > 0):
        raise UsageError(f"--budget {text!r}: write an amount in US dollars above 0, such as 2.50")
    return value


def limited(task: Task, limit: int | None) -> Task:
    """The task with its first `limit` samples."""
    from dataclasses import replace

    return task if limit is None else replace(task, samples=task.samples[:limit])
