"""The fixtures `sample`, `strategy`, `provider`, `judge` and `evaluate`; a conftest may override each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest

from ..errors import HiddenLayerError, ProviderUnavailableError, RunEndedError
from .controls import keep_controls
from .outcomes import properties
from .state import RECORDS, State, state_of

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ..engine.cases import Case
    from ..protocols import Provider
    from ..types import ModelName, Record, Sample

T = TypeVar("T")

DECIDING = ("sample", "strategy", "provider", "judge", "evaluate")
"""Fixtures that decide an answer; if a conftest overrides one, nothing is prefetched."""


@pytest.fixture
def hl_case(request: pytest.FixtureRequest) -> Case:
    """The case of this item: sample, strategy, model and epoch."""
    planned: Case | None = getattr(request, "param", None) or getattr(request.node, "hl_case", None)
    if planned is None:
        pytest.fail(
            "this test has no task: put @pytest.mark.task('NAME.yaml') on the function, with the path of a task file",
            pytrace=False,
        )
    return planned


@pytest.fixture
def sample(hl_case: Case) -> Sample:
    """The sample to answer."""
    return hl_case.sample


@pytest.fixture
def strategy(hl_case: Case) -> Any:
    """The strategy with its parameters bound. An override may return any strategy coroutine."""
    return hl_case.cell.strategy


@pytest.fixture
def provider(hl_case: Case, request: pytest.FixtureRequest) -> Provider:
    """The open provider of the candidate model. Skips the item if the provider does not work here."""
    return _open(state_of(request.config), hl_case.cell.model)


@pytest.fixture
def judge(hl_case: Case, provider: Provider, request: pytest.FixtureRequest) -> Provider:
    """The open provider of the judge; the candidate itself if no judge was named."""
    name = hl_case.cell.judge
    return provider if name is None else _open(state_of(request.config), name)


@pytest.fixture
def evaluate(
    hl_case: Case,
    sample: Sample,
    strategy: Any,
    provider: Provider,
    judge: Provider,
    request: pytest.FixtureRequest,
) -> Callable[[], Record]:
    """A function that answers the sample once and returns the Record, already in the run log."""
    state = state_of(request.config)
    _check_kinds(request, sample, strategy, provider, judge)
    case = _with_overrides(hl_case, sample, strategy)

    def answer() -> Record:
        keep = keep_controls(request.node)
        record = _await(
            state, _usable(state, lambda: state.session.runtime.submit(case, provider, judge, keep, unbatched=True))
        )
        _attach(request.node, record)
        return record

    return answer


def record_for(item: pytest.Function) -> Record:
    """The record of a task file's item, awaited in its setup. A failed call is an error of the setup.

    A prefetched answer needs no fixtures; if there is none, the fixtures are set up.
    """
    state = state_of(item.config)
    future = state.waiting.pop(item.nodeid, None)
    if future is None:
        answer: Callable[[], Record] = item._request.getfixturevalue("evaluate")
        record = answer()
    else:
        record = _await(state, future)
        _attach(item, record)
    if record.outcome == "error":
        _no_answer(item, record)
    if record.outcome == "skipped":
        pytest.skip(str(record.error))
    return record


def _no_answer(item: pytest.Function, record: Record) -> NoReturn:
    """Fail with the record's error; under --pdb with the exception of the user's code, so that pdb stops there."""
    error = state_of(item.config).session.runtime.user_errors.pop(record.key, None)
    if isinstance(error, Exception) and not isinstance(error, pytest.exit.Exception):
        raise error
    wants_traceback = item.config.option.tbstyle in ("long", "native")
    traceback = f"\n\n{record.traceback}" if record.traceback and wants_traceback else ""
    pytest.fail(f"no answer: {record.error}{traceback}", pytrace=False)


def fixture_probe(sample: Any, strategy: Any, provider: Any, judge: Any, evaluate: Any) -> None:
    """Never runs: its arguments show which fixtures pytest gives to an item of a task file."""


def overridden(probe: pytest.Function) -> bool:
    """Whether a conftest replaces a fixture that decides the answers of a file; `probe` is its `fixture_probe`."""
    definitions = probe._fixtureinfo.name2fixturedefs
    return any(definitions[name][-1].func.__module__ != __name__ for name in DECIDING if definitions.get(name))


def _await(state: State, future: Future[Record]) -> Record:
    try:
        return state.session.runtime.wait(future, state.messages.show)
    except RunEndedError as error:
        pytest.exit(str(error))  # the items that this worker still has would ask, and fail, one after the other
    except HiddenLayerError as error:  # no record can hold a wrong prompt or scorer
        message = str(error)
    pytest.fail(message, pytrace=False)  # outside of `except`, or pytest shows the same message twice


def _attach(item: pytest.Item, record: Record) -> None:
    item.stash.setdefault(RECORDS, []).append(record)
    item.user_properties[:] = [p for p in item.user_properties if not str(p[0]).startswith("hl.")]
    item.user_properties.extend(properties(record))


def _open(state: State, name: ModelName) -> Provider:
    return _usable(state, lambda: state.session.runtime.provider(name))


def _usable(state: State, use: Callable[[], T]) -> T:
    """The result of `use`. Skips the item if a provider does not work here."""
    try:
        return use()
    except HiddenLayerError as error:
        message = str(error)
        skipped = isinstance(error, ProviderUnavailableError) and not state.session.options.require_provider
    if skipped:
        pytest.skip(message)
    pytest.fail(message, pytrace=False)  # outside of `except`, or pytest shows the same message twice


def _check_kinds(request: pytest.FixtureRequest, sample: Any, strategy: Any, provider: Any, judge: Any) -> None:
    """Fail the item if a user's fixture has the name of one of these but returns something else."""
    from ..strategies.bind import BoundStrategy
    from ..types import Sample

    fits = {
        "sample": (isinstance(sample, Sample), sample, "a Sample"),
        "strategy": (isinstance(strategy, BoundStrategy) or callable(strategy), strategy, "a strategy"),
        "provider": (callable(getattr(provider, "complete", None)), provider, "a Provider"),
        "judge": (callable(getattr(judge, "complete", None)), judge, "a Provider"),
    }
    for name, (fit, value, kind) in fits.items():
        if not fit:
            function = request._get_active_fixturedef(name).func
            code = getattr(function, "__code__", None)
            place = f"{code.co_filename}:{code.co_firstlineno}" if code is not None else repr(function)
            pytest.fail(
                f"fixture {name!r} ({place}) returns a {type(value).__name__}, but evals need {kind}: it replaces "
                "the fixture of pytest-hiddenlayer. Rename it, or move it to a conftest.py below other folders",
                pytrace=False,
            )


def _with_overrides(case: Case, sample: Sample, strategy: Any) -> Case:
    from ..strategies.bind import BoundStrategy

    if not isinstance(strategy, BoundStrategy):
        name = getattr(strategy, "__name__", "overridden")
        strategy = BoundStrategy(name=name, run=strategy, params={}, given=frozenset(), label=name)
    return replace(case, sample=sample, cell=replace(case.cell, strategy=strategy))
