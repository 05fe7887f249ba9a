"""The options of one run, and the precedence of their sources."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from .errors import TaskError, UsageError, did_you_mean
from .extensions.secret_masking import mask_secrets
from .providers.http.server import validate_url
from .types import GenerationConfig, ModelName, Spec, Task
from .usage import BudgetUnit

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """One of several parts of a run, which different machines answer."""

    index: int  # from 1
    of: int

    def __str__(self) -> str:
        return f"{self.index}/{self.of}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerAddress:
    """One of several servers of a model."""

    url: str
    concurrency: int | None = None  # maximum number of calls in flight; None: that of the run


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """The options of a run; None means that the option was not set."""

    providers: tuple[ModelName, ...] = (ModelName(provider="mlx"),)
    strategies: tuple[Spec, ...] | None = None
    judge: ModelName | None = None
    epochs: int | None = None
    limit: int | None = None
    seed: int = 0
    generate: GenerationConfig = GenerationConfig()  # --hl-temperature, --hl-max-tokens
    concurrency: int | None = None  # maximum number of calls in flight per model; None: adapts to the server
    processes: int = 1  # that share the limits of servers
    process: int = 0  # which of them this is, from 0
    timeout_s: float | None = None  # per attempt; None: the provider's default
    base_urls: Mapping[str, str] = field(default_factory=dict)  # provider → URL; "": every provider that takes one
    pools: Mapping[str, tuple[ServerAddress, ...]] = field(
        default_factory=dict
    )  # as `base_urls`, if there are several
    ini_urls: frozenset[str] = frozenset()  # base URLs that only an ini file names: they get no key
    cache: str = "seeded"  # or all, off: which answers of servers are cached and reused
    record: Path | None = None  # folder of cassettes to write
    replay: Path | None = None  # folder of cassettes to answer from; no model is asked
    budget_usd: Decimal | None = None  # maximum cost
    prompts: Path | None = None  # folder of prompt files that replace those of strategies
    presets: Path | None = None  # folder of the project's own presets of strategies
    prices: Path | None = None  # file with the user's own prices
    model_memory: int | None = None  # bytes of the weights of local models; None: a share of the device's memory
    batch: bool = False  # use batch APIs of providers that have one
    stream: bool = False  # stream responses of providers that do not stream by default
    allow_task_models: bool = False  # task files may name models whose files are loaded
    strict: bool = False
    require_provider: bool = False
    gate: str = "regression"  # or threshold, require, off
    gate_underpowered: str = "pass"  # or fail
    adaptive: bool = False  # stop repeating the epochs of a cell once its verdict is decided
    equal_budget: bool = False  # draw control samples for strategies of several calls
    shared_controls: BudgetUnit | None = None  # under `equal_budget`: draw them once for all strategies
    match: str = "hash"  # or id: compare samples although their prompt changed
    baseline: str | None = None
    reports: Path | None = None  # folder of runs and batches; None: `reports` in the project's root
    resume: Path | None = None  # folder of a run whose answers are reused
    spent_usd: Decimal = Decimal(0)  # by the run that is resumed: a part of `budget_usd`
    token_logprobs: bool = False  # keep text and log-probability of every output token in the records
    probe: tuple[str, ...] = ()  # arrays to read inside the model after the run
    confidence: tuple[str, ...] = ()  # of CONFIDENCE: which measures of confidence the records keep
    shard: Shard | None = None  # the part of the run that this process answers
    shard_weights: Path | None = None  # folder of a run whose seconds per answer balance the shards
    host_timeout_s: float | None = None  # without a sign of life, after which a host of a run is lost; None: 30
    live: bool = False  # serve the report while the run goes on
    live_port: int | None = None  # None: a free one
    report: bool = True  # write `report.html` into the run's folder


def first(*values: T | None) -> T | None:
    """The first value that is set. Callers pass them in order: option, marker, ini file, task file, default."""
    return next((value for value in values if value is not None), None)


CONFIDENCE = ("tokens", "p_true", "verbalized")
"""Kinds of confidence that --hl-confidence takes."""


def parse_confidence(text: str, quoted: str) -> tuple[str, ...]:
    """Parse `KIND,...`, in the order of CONFIDENCE. Raises UsageError, which begins with `quoted`."""
    names = [name for name in re.split(r"[,\s]+", text.strip()) if name]
    unknown = [name for name in names if name not in CONFIDENCE]
    if unknown or not names:
        hint = did_you_mean(unknown[0], CONFIDENCE) if unknown else ""
        raise UsageError(f"{quoted}: write one or more of {', '.join(CONFIDENCE)}, separated by commas{hint}")
    return tuple(name for name in CONFIDENCE if name in names)


MAX_SHARDS = 10_000


def parse_shard(text: str, quoted: str) -> Shard:
    """Parse `K/N`, such as 2/8. Raises UsageError, which begins with `quoted`."""
    written = re.fullmatch(r"\s*(\d{1,6})\s*/\s*(\d{1,6})\s*", text)
    if written is None or not 1 <= int(written[1]) <= int(written[2]) <= MAX_SHARDS:
        raise UsageError(f"{quoted}: write K/N, such as 2/8, for part 2 of 8 ({MAX_SHARDS:,} at most)")
    return Shard(index=int(written[1]), of=int(written[2]))


def parse_base_urls(texts: Sequence[str], folder: Path | None = None) -> dict[str, tuple[ServerAddress, ...]]:
    """Parse `[PROVIDER=]URL` into provider → servers; "" for every provider that takes a URL.

    A file instead of a URL, looked up in `folder`, names several servers. Raises UsageError for an invalid URL
    or file and for a URL with a password: nothing is written of it.
    """
    servers: dict[str, tuple[ServerAddress, ...]] = {}
    for text in texts:
        name, _, url = text.partition("=") if re.match(r"\w+=", text) else ("", "", text)
        file = None if folder is None or "://" in url else folder / url
        if file is not None and url.endswith((".yaml", ".yml")) and not file.exists():
            raise UsageError(f"--hl-base-url {text!r}: {file} does not exist; name a YAML list of servers, or a URL")
        named = read_servers(file) if file is not None and file.is_file() else (ServerAddress(url=_url(url, text)),)
        servers[name] = (*servers.get(name, ()), *named)
        _refuse_repeated(servers[name], text)
    return servers


def is_pool(servers: Sequence[ServerAddress]) -> bool:
    """Whether calls are divided: several servers, or one with a limit of its own."""
    return len(servers) > 1 or servers[0].concurrency is not None


def read_servers(file: Path) -> tuple[ServerAddress, ...]:
    """Read a list of servers: URLs, or mappings with `url` and `concurrency`. Raises UsageError."""
    from .taskfile.paths import MEGABYTE, Source
    from .taskfile.yaml_source import parse_yaml  # with yaml, which most runs need later

    source = Source(file, str(file))
    try:
        content = parse_yaml(source.text(MEGABYTE), source).data
    except TaskError as error:
        raise UsageError(f"--hl-base-url {error}") from error
    if not isinstance(content, list) or not content:
        raise UsageError(f"--hl-base-url {file}: write a list of servers, such as `- http://mac1:8080/v1`")
    return tuple(_server(file, number, entry) for number, entry in enumerate(content, 1))


def _server(file: Path, number: int, entry: object) -> ServerAddress:
    from .taskfile.scalar import as_written, describe

    values = {"url": entry} if isinstance(entry, str) else entry
    where = f"--hl-base-url {file}: server {number}"
    if not isinstance(values, dict) or not isinstance(values.get("url"), str):
        raise UsageError(f"{where}: write a URL, or `url:` and `concurrency:`")
    if unknown := [key for key in values if key not in ("url", "concurrency")]:
        instead = did_you_mean(unknown[0], ["url", "concurrency"]) or "; write `url:` and `concurrency:` only"
        raise UsageError(f"{where}: {unknown[0]!r} is unknown{instead}")
    written = as_written(values.get("concurrency", "1"))
    if written is None or not re.fullmatch("[0-9]{1,9}", written) or int(written) < 1:
        raise UsageError(
            f"{where}: concurrency is {describe(values['concurrency'])}; write a whole number of at least 1"
        )
    most = int(written) if "concurrency" in values else None
    try:
        return ServerAddress(url=_url(values["url"], values["url"]), concurrency=most)
    except UsageError as error:
        raise UsageError(f"{error} ({file}: server {number})") from None


def _url(url: str, written: str) -> str:
    """The URL without a final slash. Raises UsageError for an invalid one."""
    if not re.match(r"https?://[^/\s]+", url):
        raise UsageError(
            f"--hl-base-url {mask_secrets(written)!r}: write [PROVIDER=]URL, the URL with http:// or https://"
        )
    try:
        return validate_url(url)
    except UsageError as error:
        raise UsageError(f"--hl-base-url: {error}") from None


def _refuse_repeated(servers: Sequence[ServerAddress], written: str) -> None:
    urls = [server.url for server in servers]
    if repeated := [url for url in urls if urls.count(url) > 1]:
        raise UsageError(f"--hl-base-url {mask_secrets(written)}: {repeated[0]} was given twice; leave one out")


def parse_budget(text: str) -> Decimal:
    """The amount in US dollars, above 0. Raises UsageError."""
    try:
        value = Decimal(text.strip().removeprefix("$"))
    except InvalidOperation:
        value = Decimal(0)
    if not (value.is_finite() and value > 0):
        raise UsageError(f"--hl-budget {text!r}: write an amount in US dollars above 0, such as 2.50")
    return value


def limited(task: Task, limit: int | None) -> Task:
    """The task with its first `limit` samples."""
    from dataclasses import replace

    return task if limit is None else replace(task, samples=task.samples[:limit])
