"""Checks of a run's options that need the registries, before anything is opened or spent."""

from __future__ import annotations

from collections.abc import Iterator

from ...calls.cost.price_file import read_own_prices
from ...errors import UsageError
from ...model_names import full_name, parse_model
from ...options import RunOptions
from ...presets import with_preset
from ...protocols import traits_of
from ...registry import providers
from ...strategies.bind import bind_strategy
from ...types import ModelName
from ..for_strategies.own_prompts import check_prompts, check_strategy_prompts


def check_options(options: RunOptions) -> None:
    """Raise UsageError for a file, strategy or model that does not exist or cannot be used together."""
    _check_files(options)
    check_prompts(options.prompts)
    check_strategy_prompts()
    labels = [bind_strategy(with_preset(spec, options.presets)).label for spec in options.strategies or ()]
    _check_confidence(options)
    repeated = {label for label in labels if labels.count(label) > 1}
    if repeated:
        raise UsageError(f"--hl-strategy {', '.join(sorted(repeated))} was given twice; leave one out")
    full_names = [(name.provider, full_name(name)) for name in options.providers]
    if len(set(full_names)) < len(full_names):
        written = " ".join(f"--hl-provider {name}" for name in options.providers)
        raise UsageError(f"two of {written} are the same model; leave one out")
    if options.replay is None:  # a replay needs neither weights nor a client
        for name in _models(options):
            traits_of(providers.get(name.provider)).check(name.model)


def _check_confidence(options: RunOptions) -> None:
    """Raise UsageError if a provider of recorded answers is to be asked about them."""
    asked = [kind for kind in options.confidence if kind != "tokens"]
    recorded = [str(name) for name in options.providers if traits_of(providers.get(name.provider)).single_only]
    if asked and recorded:
        raise UsageError(
            f"--hl-confidence {','.join(asked)} asks the model about its answer, and {recorded[0]} only has recorded "
            "answers; leave the option out, or name a provider that answers"
        )


def _check_files(options: RunOptions) -> None:
    if options.replay is not None and not options.replay.is_dir():
        raise UsageError(f"--hl-replay {options.replay}: no such folder; --hl-record {options.replay} creates one")
    if options.record is not None and options.replay is not None:
        raise UsageError("--hl-record and --hl-replay together: what is replayed was recorded already; leave one out")
    if options.prices is not None:
        if not options.prices.is_file():
            raise UsageError(f"--hl-prices {options.prices}: no such file; correct the path, or leave the option out")
        read_own_prices(options.prices)


def _models(options: RunOptions) -> Iterator[ModelName]:
    yield from options.providers
    if options.judge is not None:
        yield options.judge
    for spec in options.strategies or ():
        bound = bind_strategy(with_preset(spec, options.presets))
        yield from (parse_model(name, "--hl-strategy") for name in bound.models)
