"""`llm_call` and `run_strategy`: one question to one model, logged by the tracker."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ..api import option_name
from ..engine.cases import Case
from ..errors import UsageError, did_you_mean
from ..option_table import BY_NAME
from ..options import RunOptions
from ..presets import FOLDER as PRESETS
from ..presets import with_preset
from ..registry import strategies
from ..types import Call, GenerationConfig, Record, Spec
from .outcomes import CallResult, StrategyResult, checked
from .python_arguments import python_arguments
from .question import Prompt, Target, question_case, written_spec
from .tracker import Tracker, get_tracker

_GENERATION = frozenset(field.name for field in fields(GenerationConfig)) - {"omitted"}
_OPTIONS = frozenset(name.replace("-", "_") for name, option in BY_NAME.items() if option.calls) | {
    "seed",
    "adapter",
    "prompts",
}


def llm_call(
    prompt: Prompt, *, provider: str = "mlx", model: str | None = None, system: str | None = None, **settings: Any
) -> CallResult:
    """Return the completion of one call. Raises ProviderError, BudgetExceededError or UsageError.

    `prompt` is a text, or messages with `role` and `content`. `settings` are generation parameters
    (`temperature`, `top_p`, `max_tokens`, `stop`, `reasoning_effort`; what is not set is not sent),
    `seed` (0 by default: an equal call gives an equal answer where the provider allows it) and the
    options of calls: `adapter`, `budget`, `cache`, `record`, `replay`, `base_url`, `prices`, `timeout`,
    `concurrency`, `stream`, `model_memory`.
    """
    return CallResult(record=_start(_call(prompt, provider, model, system, settings)).wait())


async def allm_call(
    prompt: Prompt, *, provider: str = "mlx", model: str | None = None, system: str | None = None, **settings: Any
) -> CallResult:
    """As `llm_call`, for `await`: many calls may be in flight."""
    return CallResult(record=await _start(_call(prompt, provider, model, system, settings)).record())


def run_strategy(
    strategy: str | Mapping[str, Any],
    prompt: Prompt,
    *,
    provider: str = "mlx",
    model: str | None = None,
    judge: str | None = None,
    system: str | None = None,
    target: Target = None,
    choices: Sequence[str] = (),
    scorers: Sequence[str | Mapping[str, Any]] = (),
    on_call: Callable[[Call], None] | None = None,
    **settings: Any,
) -> StrategyResult:
    """Return a strategy's answer to one question. Raises ProviderError, BudgetExceededError or UsageError.

    `settings` are the strategy's parameters (`n_agents=3`), and those of `llm_call`. With a
    `target` the answer is scored by `scorers` (as in a task file; by default the text after the
    last `Answer:`, or the whole output, is compared); the first one also reads the answers that
    agents vote with. `on_call` receives each call when it is answered, on another thread.
    """
    arguments = (strategy, prompt, provider, model, judge, system, target, choices, scorers, settings)
    started = _start(_strategy(*arguments), on_call)
    return _strategy_result(started, started.wait())


async def arun_strategy(
    strategy: str | Mapping[str, Any],
    prompt: Prompt,
    *,
    provider: str = "mlx",
    model: str | None = None,
    judge: str | None = None,
    system: str | None = None,
    target: Target = None,
    choices: Sequence[str] = (),
    scorers: Sequence[str | Mapping[str, Any]] = (),
    on_call: Callable[[Call], None] | None = None,
    **settings: Any,
) -> StrategyResult:
    """As `run_strategy`, for `await`."""
    arguments = (strategy, prompt, provider, model, judge, system, target, choices, scorers, settings)
    started = _start(_strategy(*arguments), on_call)
    return _strategy_result(started, await started.record())


@dataclass(frozen=True, slots=True)
class _Question:
    """A case with the options of its calls."""

    tracker: Tracker
    case: Case
    options: RunOptions


@dataclass(frozen=True, slots=True)
class _StartedCase:
    """A question on its way, and what receives its calls."""

    question: _Question
    on_call: Callable[[Call], None] | None

    def wait(self) -> Record:
        return checked(self.question.tracker.submit(self.question.case, self.question.options, self.on_call)())

    async def record(self) -> Record:
        tracker = self.question.tracker
        experiment = tracker.experiment
        _, future = tracker.start_case(self.question.case, self.question.options, self.on_call)
        return checked(experiment.add(await asyncio.wrap_future(future)))


def _start(question: _Question, on_call: Callable[[Call], None] | None = None) -> _StartedCase:
    return _StartedCase(question, on_call)


def _strategy_result(started: _StartedCase, record: Record) -> StrategyResult:
    case = started.question.case
    answer = record.answer
    if answer is None and record.output is not None:
        answer = case.cell.scorers[0].parse(record.output, case.sample)  # without a target there is no score
    return StrategyResult(record=record, answer=answer)


@python_arguments()
def _call(
    prompt: Prompt, provider: str, model: str | None, system: str | None, settings: Mapping[str, Any]
) -> _Question:
    generate, typed, rest = _split(settings, {})
    if rest:
        name = next(iter(rest))
        raise UsageError(f"llm_call() has no setting {name!r}{did_you_mean(name, _GENERATION | _OPTIONS)}")
    tracker = get_tracker()
    options = tracker.options({"provider": (provider,), **_model(model), **typed})
    case = question_case(prompt, strategy=Spec(name="single"), options=options, generate=generate, system=system)
    return _Question(tracker, case, options)


@python_arguments()
def _strategy(
    strategy: str | Mapping[str, Any],
    prompt: Prompt,
    provider: str,
    model: str | None,
    judge: str | None,
    system: str | None,
    target: Target,
    choices: Sequence[str],
    scorers: Sequence[str | Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> _Question:
    tracker = get_tracker()
    project = tracker.project  # its conftest may register strategies
    spec = written_spec(strategy, "strategy")
    _check_order(spec.name, prompt)
    spec = with_preset(spec, project.root / PRESETS)
    generate, typed, parameters = _split(settings, _parameters(spec.name))
    options = tracker.options(
        {"provider": (provider,), **_model(model), **({} if judge is None else {"judge": judge}), **typed}
    )
    case = question_case(
        prompt,
        strategy=replace(spec, params={**spec.params, **parameters}),
        options=options,
        generate=generate,
        system=system,
        target=target,
        choices=choices,
        scorers=[written_spec(scorer, "scorers") for scorer in scorers],
    )
    return _Question(tracker, case, options)


def _check_order(strategy: str, prompt: Prompt) -> None:
    """Raise UsageError if strategy and prompt are exchanged."""
    known = strategies.names()
    if strategy not in known and isinstance(prompt, str) and prompt in known:
        raise UsageError(
            f"run_strategy({strategy!r}, {prompt!r}): the strategy comes first; "
            f"write run_strategy({prompt!r}, {strategy!r})"
        )


def _parameters(strategy: str) -> Mapping[str, Any]:
    return inspect.signature(strategies.get(strategy)).parameters


def _split(
    settings: Mapping[str, Any], parameters: Mapping[str, Any]
) -> tuple[GenerationConfig, dict[str, Any], dict[str, Any]]:
    """(generation parameters, options, the strategy's parameters). A name of the strategy's is the strategy's."""
    own = {name: value for name, value in settings.items() if name in parameters}
    others = {name: value for name, value in settings.items() if name not in parameters}
    options = {option_name(n): _as_text(n, v) for n, v in others.items() if n in _OPTIONS and v is not None}
    rest = {n: v for n, v in others.items() if n not in _OPTIONS and n not in _GENERATION}
    return _generation({n: v for n, v in others.items() if n in _GENERATION}), options, {**own, **rest}


def _generation(values: Mapping[str, Any]) -> GenerationConfig:
    """The generation parameters. Raises UsageError for a value out of range."""
    given = {name: value for name, value in values.items() if value is not None}
    for name, low, high in (("temperature", 0, 10), ("top_p", 0, 1), ("max_tokens", 1, None)):
        value = given.get(name, low)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not low <= value <= (float("inf") if high is None else high):
            bounds = f"of at least {low}" if high is None else f"from {low} to {high}"
            raise UsageError(f"{name}={value!r}: pass a number {bounds}")
    if "stop" in given:
        stop = given["stop"]
        given["stop"] = (stop,) if isinstance(stop, str) else tuple(stop)
    return GenerationConfig(**given)


def _model(model: str | None) -> dict[str, Any]:
    return {} if model is None else {"model": model}


def _as_text(name: str, value: Any) -> Any:
    from ..api import as_written

    return as_written(option_name(name), value)
