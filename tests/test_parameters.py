"""Written parameters are checked against annotations and converted."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import pytest

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.parameters import (
    OutputFile,
    WrittenParameter,
    check_params,
    is_marked,
    output_file_parameters,
    type_hints,
)


class Doubled(WrittenParameter):
    """Twice the written number."""

    def __init__(self, value: int) -> None:
        self.value = value

    @classmethod
    def from_param(cls, value: Any) -> Doubled:
        return cls(2 * value)


def convert(value: Any, hint: Any, *, read_text: bool = False) -> Any:
    """The converted value of a parameter `x` with this annotation."""
    parameter = inspect.Parameter("x", inspect.Parameter.KEYWORD_ONLY)
    return check_params({"x": value}, {"x": parameter}, {"x": hint}, read_text=read_text)["x"]


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (1, float, 1.0),
        (1, int | float, 1),
        (None, str | None, None),
        ("a", Literal["a", "b"], "a"),
        (["a"], tuple[str, ...], ("a",)),
        ([1, 2], Sequence[float], (1.0, 2.0)),
        (["a"], list[str], ["a"]),
        ({"a": ("x",)}, OutputFile | None, {"a": ("x",)}),
        ("a", Annotated[str, "mark"], "a"),
        (object, Any, object),
    ],
)
def test_a_fitting_value_is_converted(value, hint, expected):
    """A value that fits is returned in the annotated type."""
    converted = convert(value, hint)
    assert (converted, type(converted)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("value", "hint", "message"),
    [
        (True, int, "x must be a whole number, got True"),
        (True, float, "x must be a number, got True"),
        (float("nan"), float, "x must be a number, got nan"),
        ("1", int, "x must be a whole number, got '1'; write 1 without quotes"),
        ("yes", bool, "x must be true or false, got 'yes'; write true without quotes"),
        ("c", Literal["a", "b"], "x must be one of 'a', 'b', got 'c'"),
        (
            "sofmax",
            Literal["softmax", "raw"],
            "x must be one of 'softmax', 'raw', got 'sofmax', did you mean 'softmax'?",
        ),
        ("ab", tuple[str, ...], "x must be a list, each text, got 'ab'"),
        (1, str | tuple[str, ...] | None, "x must be text or a list, each text, got 1"),
        ("file.jsonl", OutputFile | None, "x must be Mapping, got 'file.jsonl'"),
    ],
)
def test_another_value_is_an_error(value, hint, message):
    """The error says what was expected and what was written."""
    with pytest.raises(UsageError) as error:
        convert(value, hint)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("text", "hint", "expected"),
    [("5", int, 5), ("0.5", int | float, 0.5), ("Yes", bool, True), ("0", bool, False), ("5", str, "5")],
)
def test_text_is_read_on_request(text, hint, expected):
    """With `read_text` numbers and booleans are parsed from text."""
    converted = convert(text, hint, read_text=True)
    assert (converted, type(converted)) == (expected, type(expected))


def test_a_written_parameter_builds_itself():
    """A `WrittenParameter` type is built by its `from_param`."""
    assert convert(2, Doubled).value == 4


def test_an_open_ended_factory_takes_any_name():
    """A factory with **kwargs accepts unknown parameters."""
    allowed = {"more": inspect.Parameter("more", inspect.Parameter.VAR_KEYWORD)}
    assert check_params({"x": 1}, allowed, {}) == {"x": 1}


def test_annotations_that_cannot_be_evaluated_are_ignored():
    """An annotation with an unknown name leaves all parameters unannotated."""

    def factory(*, x: Unknown = 1) -> None:  # type: ignore[name-defined]  # noqa: F821
        """Never called."""

    assert type_hints(factory) == {}


def test_output_files_are_marked():
    """Parameters annotated as `OutputFile` are known by name, also as an alternative of a union."""

    def factory(*, against: OutputFile | None = None, other: Mapping[str, str] | None = None) -> None:
        """Never called."""

    assert output_file_parameters(factory) == {"against"}
    assert not is_marked(Annotated[str, "other"], "mark")
