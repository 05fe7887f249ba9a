"""Strategies are bound to checked parameters and get a label."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from pytest_hiddenlayer.errors import ParameterError, UsageError
from pytest_hiddenlayer.registry import strategies
from pytest_hiddenlayer.strategies.bind import bind_strategy, parse_strategy
from pytest_hiddenlayer.types import Spec

if TYPE_CHECKING:
    from pytest_hiddenlayer.protocols import Context


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("debate", "debate"),
        ("debate:n_agents=3", "debate"),
        ("debate:n_agents=5,share=full", "debate.n_agents=5,share=full"),
        ("self_consistency:n_samples=9", "self_consistency.n_samples=9"),
    ],
)
def test_label_shows_what_differs_from_the_defaults(text, label):
    """The label contains only parameters that differ from their defaults."""
    assert bind_strategy(parse_strategy(text)).label == label


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("debat", "did you mean 'debate'?"),
        ("debate:n_agent=2", "did you mean 'n_agents'?"),
        ("debate:n_agents=two", "must be a whole number"),
        ("debate:aggregation=vote", "one of 'judge', 'majority'"),
        ("debate:early_stop=perhaps", "true or false"),
        ("debate:n_agents", "write NAME:key=value"),
    ],
)
def test_wrong_parameters_are_clear(text, said):
    """The error for a wrong name or value says what was written and what to do."""
    with pytest.raises(UsageError, match=re.escape(said)):
        bind_strategy(parse_strategy(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n_agents=5", 5),
        ("temperature=1", 1.0),
        ("early_stop=False", False),
        ("early_stop=yes", True),
        ("share=full", "full"),
        (" n_rounds = 4 ", 4),
    ],
)
def test_text_of_a_command_line_becomes_the_parameters_type(text, expected):
    """Numbers, booleans and words are parsed from text."""
    bound = bind_strategy(parse_strategy(f"debate:{text}"))
    found = bound.params[text.partition("=")[0].strip()]
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"n_agents": True}, "n_agents must be a whole number, got True"),
        ({"n_agents": 3.5}, "n_agents must be a whole number, got 3.5"),
        ({"n_agents": None}, "n_agents must be a whole number, got None"),
        ({"temperature": "nan"}, "temperature must be a number, got 'nan'"),
        ({"temperature": float("inf")}, "temperature must be a number, got inf"),
        ({"early_stop": 1}, "early_stop must be true or false, got 1"),
        ({"share": ["full"]}, "share must be one of 'answer', 'full', got ['full']"),
        ({3: 1}, "no parameter 3"),
    ],
)
def test_values_of_a_task_file_must_fit(params: dict[Any, Any], said):
    """A value of a task file must have the parameter's type; it is never rounded or guessed."""
    with pytest.raises(UsageError, match=re.escape(said)):
        bind_strategy(Spec(name="debate", params=params))


@pytest.mark.parametrize(
    ("name", "params", "remedy"),
    [
        ("debate", {"agents": ["mlx", "mlx:smollm2"]}, "; write 'mlx+mlx:smollm2'"),
        ("chateval", {"roles": ["critic", "scientist"]}, "; write 'critic+scientist'"),
        ("self_refine", {"stop_phrase": ["it is right"]}, "got ['it is right']"),
    ],
)
def test_a_list_of_names_leads_to_the_joined_form(name, params, remedy):
    """Several models or roles are one text, joined by +; the error for a list, as YAML suggests, says so."""
    with pytest.raises(ParameterError) as error:
        bind_strategy(Spec(name=name, params=params))
    assert str(error.value).endswith(remedy)


def test_a_parameter_given_twice_is_refused():
    """Two values for one parameter are an error."""
    with pytest.raises(UsageError, match="n_agents was given twice"):
        parse_strategy("debate:n_agents=3,n_agents=5")


def test_all_parameters_are_known_and_which_were_written():
    """`params` includes defaults; `given` has only what the user wrote, even if it equals the default."""
    bound = bind_strategy(parse_strategy("self_consistency:n_samples=5"))
    assert bound.params == {"n_samples": 5, "temperature": 0.8}
    assert bound.given == {"n_samples"}


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
    """Returns a function that registers for one test only."""
    monkeypatch.setattr(strategies, "_registered", {})
    return lambda name, function: strategies.register(name)(function) and None


def test_a_label_is_fit_for_ids_and_file_names(register):
    """A character that is not allowed in an item id or a file name becomes a dash, and 6 hex digits follow."""
    register("odd", lambda context, *, text="": None)
    label = bind_strategy(Spec(name="odd", params={"text": "a/b [c]"})).label
    assert re.fullmatch(r"odd\.text=a-b--c--[0-9a-f]{6}", label)


@pytest.mark.parametrize(
    "texts",
    [
        ("Sure?", "Sure!", "Sure-", "Sure\n", "Sür?", "Sure.\u200b"),
        ("x" * 380 + "a", "x" * 380 + "b", "x" * 55, "x" * 56),
        ("a,b=1", "a-b=1", "a-b-1", "a+b.1"),
        ("日本", "中国", "--"),
    ],
    ids=["replaced", "long", "separators", "scripts"],
)
def test_labels_never_collide(register, texts):
    """Different parameters have different labels of at most 60 safe characters; equal ones have the same."""
    register("odd", lambda context, *, text="": None)
    labels = [bind_strategy(Spec(name="odd", params={"text": text})).label for text in texts]
    assert len(set(labels)) == len(texts)
    assert all(len(label) <= 60 and re.fullmatch(r"[A-Za-z0-9._,=+-]+", label) for label in labels)
    assert labels == [bind_strategy(Spec(name="odd", params={"text": text})).label for text in texts]


def test_annotations_for_type_checkers_only_do_no_harm(register):
    """A strategy whose module imports `Context` under TYPE_CHECKING still takes and converts its parameters."""

    async def mine(context: Context, *, n: int = 1, warm: bool = False, share: float = 0.5) -> None:
        """Never run."""

    register("mine", mine)
    bound = bind_strategy(parse_strategy("mine:n=4,warm=yes,share=1"))
    assert bound.params == {"n": 4, "warm": True, "share": 1.0}


def test_a_parameter_may_be_a_list(register):
    """A strategy can take a list."""

    async def listed(context: Any, *, words: list[str] = []) -> None:  # noqa: B006
        """Never run."""

    register("listed", listed)
    assert bind_strategy(Spec(name="listed", params={"words": ["a"]})).params == {"words": ["a"]}


def test_a_positional_parameter_is_refused_before_anything_is_asked(register):
    """A parameter that is not keyword-only could never be written; the error says how to declare it."""

    async def positional(context: Any, words: str) -> None:
        """Never run."""

    register("positional", positional)
    with pytest.raises(ParameterError, match=r"'words' is positional.*write `context, \*, words`"):
        bind_strategy(Spec(name="positional"))


def test_a_parameter_without_default_is_asked_for(register):
    """The error for a missing value names the parameter."""

    async def needy(context: Any, *, words: str) -> None:
        """Never run."""

    register("needy", needy)
    with pytest.raises(UsageError, match="needs a value for words"):
        bind_strategy(Spec(name="needy"))
