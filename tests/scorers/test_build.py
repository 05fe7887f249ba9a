"""Scorers are built from task files and from what users register."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from pytest_hiddenlayer import registry
from pytest_hiddenlayer.errors import UnknownNameError, UsageError
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.scorers.match.numeric import Numeric
from pytest_hiddenlayer.types import Sample, Score, Spec

SAMPLE = Sample(id="1", input="q", target="18")


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """Returns a function that registers for one test only."""
    monkeypatch.setattr(registry.scorers, "_registered", {})
    return lambda name, factory: registry.scorers.register(name)(factory) and None


def score(name: str, output: str = "18", **params: Any) -> Score:
    return asyncio.run(build_scorer(Spec(name=name, params=params)).score(output, SAMPLE))


@pytest.mark.parametrize("name", ["exact", "keyword", "numeric", "choice"])
def test_built_ins_need_no_parameters(name: str) -> None:
    """A built-in scorer is built by name without parameters."""
    built = build_scorer(Spec(name=name))
    assert (built.name, built.version, built.pass_score, built.needs_target) == (name, "1", 1.0, True)


def test_parameters_of_a_task_file_are_converted() -> None:
    """Mappings become extract rules and whole numbers become tolerances."""
    rule = {"marker": "answer is ", "take": "last", "strip_final_dot": True}
    assert score("numeric", "1. The answer is 19.", extract=rule, rel_tol=0, abs_tol=1).value == 1.0


def test_lists_become_tuples() -> None:
    """A list becomes a tuple."""
    assert score("keyword", "b", keywords=["a", "b"]).value == 1.0


def test_unknown_names_are_refused() -> None:
    """An unregistered scorer is an error that suggests the nearest name."""
    with pytest.raises(UnknownNameError, match="did you mean 'numeric'"):
        build_scorer(Spec(name="numerik"))


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        (
            "numeric",
            {"abs_tl": 1},
            r"scorer 'numeric': no parameter 'abs_tl', did you mean 'abs_tol'\? \(it has: extract, ",
        ),
        ("numeric", {"abs_tol": "1"}, "scorer 'numeric': abs_tol must be a number, got '1'"),
        ("numeric", {"abs_tol": True}, "abs_tol must be a number, got True"),
        ("numeric", {"extract": {"takes": "last"}}, "scorer 'numeric': extract has no 'takes', did you mean 'take'"),
        ("exact", {"ignore_case": "yes"}, "ignore_case must be true or false, got 'yes'"),
        ("keyword", {"keywords": [1]}, "keywords must be a list, each text"),
        ("keyword", {"keywords": "red"}, "keywords must be a list, each text, got 'red'"),
        ("pattern", {}, "scorer 'pattern': needs a value for pattern"),
        ("pattern", {"pattern": "("}, "scorer 'pattern': pattern '\\(' is not a regular expression"),
    ],
)
def test_wrong_parameters_are_refused(name: str, params: dict[str, Any], message: str) -> None:
    """The error for an unknown, wrong or missing parameter says what was written and what is allowed."""
    with pytest.raises(UsageError, match=message):
        build_scorer(Spec(name=name, params=params))


@pytest.mark.parametrize(("verdict", "value"), [(True, 1.0), (False, 0.0), (1, 1.0), (0.25, 0.25), (None, None)])
def test_plain_functions_are_scorers(register: Any, verdict: Any, value: float | None) -> None:
    """A function's number, boolean or None is the score."""
    register("mine", lambda output, sample: verdict)
    assert score("mine", " so \n").value == value
    assert score("mine", " so \n").answer == "so"


def test_functions_take_parameters(register: Any) -> None:
    """Keyword-only arguments are parameters, checked like any others."""

    def short(output: str, sample: Sample, *, limit: int = 3) -> bool:
        return len(output) <= limit

    register("short", short)
    assert [score("short", "12345").value, score("short", "12345", limit=5).value] == [0.0, 1.0]
    with pytest.raises(UsageError, match="did you mean 'limit'"):
        score("short", limits=5)


def test_functions_may_be_coroutines(register: Any) -> None:
    """An async function is awaited, and a third argument is the judge to ask."""

    async def judged(output: str, sample: Sample, ask: Any) -> Score:
        return Score(value=1.0, explanation=f"ask is {ask}")

    register("judged", judged)
    assert score("judged").explanation == "ask is None"


def test_functions_are_graded_scorers(register: Any) -> None:
    """A function passes at 0.5 and needs no target, unless its attributes say otherwise."""

    def mine(output: str, sample: Sample) -> float:
        return 1.0

    register("mine", mine)
    built = build_scorer(Spec(name="mine"))
    assert (built.name, built.pass_score, built.needs_target) == ("mine", 0.5, False)
    mine.pass_score = 0.9  # type: ignore[attr-defined]
    assert build_scorer(Spec(name="mine")).pass_score == 0.9


def test_an_edited_function_is_another_version(register: Any) -> None:
    """The version follows the source."""

    def first(output: str, sample: Sample) -> float:
        return 1.0

    def second(output: str, sample: Sample) -> float:
        return 0.5

    versions = []
    for function in (first, second, first):
        register("mine", function)
        versions.append(build_scorer(Spec(name="mine")).version)
    assert versions[0] == versions[2] != versions[1]


@pytest.mark.parametrize("verdict", [float("nan"), 1.5, -1, "good", [1]])
def test_impossible_verdicts_name_the_scorer(register: Any, verdict: Any) -> None:
    """A return value that is not a score raises; it is never 0."""
    register("mine", lambda output, sample: verdict)
    with pytest.raises(UsageError, match="scorer 'mine' returned"):
        score("mine")


def test_an_exception_of_a_scorer_is_raised(register: Any) -> None:
    """A scorer's own error reaches the caller."""

    def broken(output: str, sample: Sample) -> float:
        raise KeyError("x")

    register("broken", broken)
    with pytest.raises(KeyError):
        score("broken")


def test_classes_are_scorers(register: Any) -> None:
    """A class is constructed with the parameters, and missing attributes have defaults."""

    class Mine:
        def __init__(self, *, value: float = 0.5) -> None:
            self.value = value

        def parse(self, output: str, sample: Sample) -> str | None:
            return "parsed"

        async def score(self, output: str, sample: Sample, ask: Any = None) -> Score:
            return Score(value=self.value)

    register("mine", Mine)
    built = build_scorer(Spec(name="mine", params={"value": 1}))
    assert (built.name, built.pass_score, built.parse("x", SAMPLE)) == ("mine", 0.5, "parsed")
    assert score("mine", value=1).value == 1.0


def test_factories_are_named_as_registered(register: Any) -> None:
    """A factory's scorer has its registered name."""
    register("close", lambda: Numeric(abs_tol=1))
    built = build_scorer(Spec(name="close"))
    assert (built.name, built.pass_score, built.needs_target) == ("close", 1.0, True)
    assert score("close", "19").value == 1.0


@pytest.mark.parametrize(
    ("factory", "message"),
    [(lambda: 3, "without `score` and `parse`"), (lambda output: 1.0, "write \\(output, sample\\)")],
)
def test_something_else_than_a_scorer_is_refused(register: Any, factory: Any, message: str) -> None:
    """Registering something else as a scorer is a usage error."""
    register("mine", factory)
    with pytest.raises(UsageError, match=message):
        build_scorer(Spec(name="mine"))


@pytest.mark.parametrize(
    "value", [Decimal("0.5"), Fraction(1, 2), np.float32(0.5), np.float64(0.5), np.float16(0.5), np.array(0.5), 0.5]
)
@pytest.mark.parametrize("wrap", [lambda value: value, lambda value: Score(value=value)], ids=["bare", "Score"])
def test_any_number_is_a_score(register: Any, value: Any, wrap: Callable[[Any], Any]) -> None:
    """Returned itself or in a Score, it becomes a number that JSON can hold."""
    register("mine", lambda output, sample: wrap(value))
    assert json.dumps(score("mine").value) == "0.5"


def test_a_truth_value_of_numpy_is_a_score(register: Any) -> None:
    """As True is."""
    register("mine", lambda output, sample: np.bool_(True))
    assert score("mine").value == 1.0


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal(2), np.float32("inf"), Fraction(-1, 2)])
def test_only_a_score_between_0_and_1_counts(register: Any, value: Any) -> None:
    """Of whatever type."""
    register("mine", lambda output, sample: value)
    with pytest.raises(UsageError, match="return a number in"):
        score("mine")


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("no such mode"), ZeroDivisionError("by zero")])
def test_an_exception_of_a_factory_is_placed(register: Any, error: Exception) -> None:
    """It is an error of the task file that names the user's file and line."""

    def factory(*, mode: str = "") -> Any:
        raise error

    register("mine", factory)
    with pytest.raises(UsageError, match=rf"scorer 'mine': {type(error).__name__}: .*test_build.py:\d+\)"):
        score("mine")
