"""From what the user wrote to `RunOptions`: the same for pytest, the command and Python."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..engine.checks.preset_models import PRESETS, preset_models
from ..engine.checks.task_models import loads_files
from ..errors import UsageError, did_you_mean, shorten
from ..io.links import is_inside
from ..local_models import parse_size
from ..model_names import name_models, parse_model
from ..option_table import BY_NAME
from ..options import RunOptions, ServerAddress, is_pool, parse_base_urls, parse_budget, parse_confidence
from ..registry import providers
from ..results.log.run_log import find_run
from ..results.shards.options import with_shard
from ..strategies.bind import parse_strategy
from ..types import MAX_EPOCHS, GenerationConfig, ModelName, Spec

PRICES = "hiddenlayer-prices.yaml"
"""The user's own prices, in the project's root."""
MAX_SEED = 10**15
"""A record with a larger number could not be read again."""
JUDGE_CONCURRENCY = 20
"""Calls in flight to a judge outside of a run, if the user sets no limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenOptions:
    """Option name → what was written for it: a text, a tuple of texts, or True.

    `values` are those of the command line, or arguments in Python; `ini` is what an ini file says.
    Anyone may be the author of an ini file, so it can neither send keys anywhere nor, unless
    `ini_trusted`, name files that are loaded as a model. `typed` are the values that the user
    wrote: those of the command line without what pytest adds to it from `addopts`.
    """

    root: Path  # the project's root: paths from the ini file start there
    cwd: Path  # paths of the command line start there
    values: Mapping[str, Any] = field(default_factory=dict)
    typed: Mapping[str, Any] = field(default_factory=dict)
    ini: Mapping[str, Any] = field(default_factory=dict)
    ini_file: Path | None = None
    ini_trusted: bool = True  # named by the user, or in the current folder or above it
    resume: str | None = None  # folder of the run to resume, if another process has looked it up already

    def text(self, name: str) -> str | None:
        """One value, of the command line or else of the ini file; None if there is none."""
        value = self.values.get(name)
        return str(value) if value is not None else (self.ini.get(name) or None)

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a repeatable option."""
        return tuple(self.values.get(name) or self.ini.get(name) or ())

    def flag(self, name: str) -> bool:
        """Whether a flag is set."""
        return bool(self.values.get(name) or self.ini.get(name))

    def quoted(self, name: str) -> str:
        """The option and its value as the user wrote them, for messages."""
        text = shorten(str(self.text(name)), 200)
        if name in self.values or not self.ini.get(name):
            return f"--hl-{name} {text!r}"
        return f"ini key {BY_NAME[name].dest} = {text} ({self.ini_file})"

    def folder(self, name: str) -> Path:
        """Where a path of an option starts: the current folder for the command line, the root for the ini file."""
        return self.cwd if self.values.get(name) else self.root

    def path(self, name: str) -> Path | None:
        """A path: one of the command line starts at the current folder, one of the ini file at the root."""
        if (value := self.values.get(name)) is not None:
            return self.cwd / str(value)
        written = self.ini.get(name)
        return self.root / str(written) if written else None

    def own_path(self, name: str) -> Path | None:
        """A path; unless the user typed it, it is in the root. Raises UsageError for one that leads elsewhere."""
        path = self.path(name)
        if path is not None and not self.typed.get(name) and not is_inside(path, self.root):
            where = f"{self.ini_file}" if self.ini_file is not None else "a file"
            raise UsageError(
                f"{self.quoted(name)}: {path} is outside of the project {self.root}, and {where} may have been "
                f"written by anyone. Nothing was read or written; name it on the command line yourself: --hl-{name}"
            )
        return path


def parse_options(written: WrittenOptions) -> RunOptions:
    """The options of a run: command line, then ini file, then default. Raises UsageError."""
    judge, budget = written.text("judge"), written.text("budget")
    servers = parse_base_urls(written.texts("base-url"), written.folder("base-url"))
    strategies = tuple(map(parse_strategy, written.texts("strategy"))) or None
    options = RunOptions(
        providers=_preset_models(written, strategies or ())
        or name_models(
            written.texts("provider") or ("mlx",), written.text("model"), providers.get, written.text("adapter")
        ),
        strategies=strategies,
        presets=written.root / PRESETS,
        judge=parse_model(judge, "--hl-judge") if judge else None,
        epochs=_number(written, "epochs", int, 1, MAX_EPOCHS),
        limit=_number(written, "limit", int, 1),
        seed=_number(written, "seed", int, 0, MAX_SEED) or 0,
        generate=GenerationConfig(
            temperature=_number(written, "temperature", float, 0.0),
            max_tokens=_number(written, "max-tokens", int, 1),
        ),
        concurrency=_number(written, "concurrency", int, 1),
        timeout_s=_number(written, "timeout", float, 0.001),
        base_urls={name: found[0].url for name, found in servers.items() if not is_pool(found)},
        pools={name: found for name, found in servers.items() if is_pool(found)},
        ini_urls=_only_in_ini(written, servers),
        cache=_choice(written, "cache"),
        record=written.own_path("record"),
        replay=written.own_path("replay"),
        budget_usd=parse_budget(budget) if budget else None,
        prompts=written.own_path("prompts"),
        prices=written.own_path("prices") or _prices_of_project(written.root),
        model_memory=_size(written, "model-memory"),
        batch=written.flag("batch"),
        stream=written.flag("stream"),
        strict=written.flag("strict"),
        require_provider=written.flag("require-provider"),
        gate=_choice(written, "gate"),
        gate_underpowered=_choice(written, "gate-underpowered"),
        match=_choice(written, "match"),
        adaptive=written.flag("adaptive"),
        equal_budget=written.flag("equal-budget"),
        baseline=written.text("baseline"),
        reports=written.own_path("reports"),
        resume=_resumed_run(written),
        token_logprobs=written.flag("token-logprobs"),
        probe=_probe(written),
        confidence=_confidence(written),
        host_timeout_s=_number(written, "host-timeout", float, 5.0),
        live=written.flag("live") or "live-port" in written.values,
        live_port=_number(written, "live-port", int, 1, 65535),
        report=not written.flag("no-report"),
        allow_task_models=_allows_task_models(written),
    )
    _refuse_ini_models(written, options)
    _refuse_closed_models(options)
    return with_shard(options, written.text, written.root, written.own_path("reports"))


def parse_call_options(written: WrittenOptions, judge: ModelName) -> RunOptions:
    """The options of calls to one judge outside of a run; all others are ignored. Raises UsageError."""
    calls = {name: value for name, value in written.ini.items() if BY_NAME[name].calls}
    options = replace(parse_options(replace(written, ini=calls)), providers=(judge,))
    return options if options.concurrency is not None else replace(options, concurrency=JUDGE_CONCURRENCY)


def _number(
    written: WrittenOptions, name: str, number_type: type, minimum: float, maximum: float | None = None
) -> Any:
    text = written.text(name)
    if text is None:
        return None
    expected = "a whole number" if number_type is int else "a number"
    try:
        value = number_type(text)
    except ValueError:
        value = None
    if value is None or not minimum <= value < float("inf"):
        raise UsageError(f"{written.quoted(name)}: write {expected} of at least {minimum:g}")
    if maximum is not None and value > maximum:
        raise UsageError(f"{written.quoted(name)}: write {expected} from {minimum:g} to {maximum}")
    return value


def _size(written: WrittenOptions, name: str) -> int | None:
    text = written.text(name)
    return None if text is None else parse_size(text, written.quoted(name))


def _choice(written: WrittenOptions, name: str) -> str:
    choices = BY_NAME[name].choices
    text = written.text(name) or choices[0]
    if text not in choices:
        raise UsageError(f"{written.quoted(name)}: write {', '.join(choices)}{did_you_mean(text, choices)}")
    return text


def _confidence(written: WrittenOptions) -> tuple[str, ...]:
    text = written.text("confidence")
    return () if text is None else parse_confidence(text, written.quoted("confidence"))


def _preset_models(written: WrittenOptions, specs: Sequence[Spec]) -> tuple[ModelName, ...]:
    """The model that presets name, if the user names none."""
    named = any(map(written.text, ("model", "adapter"))) or bool(written.texts("provider"))
    trusted = written.cwd.resolve().is_relative_to(written.root.resolve()) or _allows_task_models(written)
    return preset_models(specs, written.root / PRESETS, named=named, trusted=trusted)


def _prices_of_project(root: Path) -> Path | None:
    """The file of prices in the root, if there is one. Raises UsageError if it is a link that leads elsewhere."""
    path = next(iter(root.glob(PRICES)), None)
    if path is not None and not is_inside(path, root):
        raise UsageError(f"{path}: a symbolic link leads out of the project; copy the file, or name it: --hl-prices")
    return path


def _resumed_run(written: WrittenOptions) -> Path | None:
    name = written.resume if written.resume is not None else written.text("resume")
    return find_run(written.root, name, reports=written.own_path("reports")) if name else None


def _only_in_ini(written: WrittenOptions, servers: Mapping[str, Sequence[ServerAddress]]) -> frozenset[str]:
    """The addresses that only the ini file names: they get no key."""
    typed = parse_base_urls(tuple(written.typed.get("base-url") or ()), written.cwd)
    urls, typed_urls = ({server.url for found in named.values() for server in found} for named in (servers, typed))
    return frozenset(urls - typed_urls)


def _probe(written: WrittenOptions) -> tuple[str, ...]:
    """What to read inside the models after the run. Raises UsageError for a name that does not exist."""
    text = written.text("probe")
    if text is None:
        return ()
    from ..probes.capture import parse_what  # with numpy

    try:
        return parse_what(text)
    except UsageError as error:
        raise UsageError(f"--hl-probe: {error}") from error


def _refuse_closed_models(options: RunOptions) -> None:
    """Raise UsageError if --hl-probe is asked for and no provider of the run shows what is inside its model."""
    names = [model.provider for model in options.providers]
    if options.probe and "mlx" not in names:
        raise UsageError(
            f"--hl-probe: provider {names[0]} does not show what is inside its model; use --provider mlx, "
            "or leave the option out"
        )


def _allows_task_models(written: WrittenOptions) -> bool:
    """Whether the user allows models that task files name: typed, or in an ini file of the user's choice."""
    name = "allow-task-models"
    return bool(written.typed.get(name)) or (written.ini_trusted and written.flag(name))


def _refuse_ini_models(written: WrittenOptions, options: RunOptions) -> None:
    """Raise UsageError for a folder or hub name that only an untrusted ini file names."""
    if options.allow_task_models or options.replay is not None or written.ini_trusted:
        return
    for name in _ini_models(written, options):
        if loads_files(name):
            raise UsageError(
                f"{written.ini_file} names the model {name}: it is a folder or a hub name, whose files may "
                "come from anyone, and this ini file is not in the folder of the command or above it. "
                "Nothing was opened. If you trust it, pass --hl-allow-task-models, "
                "or name the model on the command line yourself"
            )


def _typed_models(written: WrittenOptions) -> tuple[ModelName, ...]:
    """The models that --provider, --model and --adapter name together, without the ini file."""
    texts, model, adapter = (written.typed.get(name) for name in ("provider", "model", "adapter"))
    if not (texts or model or adapter):
        return ()
    with suppress(UsageError):  # only together with the ini file they name a model
        return name_models(texts or ("mlx",), model, providers.get, adapter)
    return tuple(parse_model(text) for text in texts or ())


def _ini_models(written: WrittenOptions, options: RunOptions) -> Iterator[ModelName]:
    """The models of the options that the user did not type."""
    typed = {name: written.typed.get(name) or () for name in ("provider", "strategy")}
    model, judge = written.typed.get("model"), written.typed.get("judge")
    chosen = _typed_models(written)
    yield from (n for n in options.providers if n not in chosen and (model is None or n.model != model))
    if options.judge is not None and str(options.judge) != judge:
        yield options.judge
    typed_strategies = [parse_strategy(text) for text in typed["strategy"]]
    for spec in options.strategies or ():
        if spec not in typed_strategies:
            texts = [part for value in spec.params.values() for part in str(value).split("+")]
            yield from (parse_model(text) for text in texts if re.fullmatch(r"\w+:.+", text))
