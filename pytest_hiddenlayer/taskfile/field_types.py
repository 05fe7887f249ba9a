"""The kinds of value in a task file as pydantic types, each with its JSON Schema.

Texts keep what was written (`Text`); numbers and switches want their value (`Size`,
`Count`, `Switch`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..registry import scorers, strategies
from ..types import Message, Spec
from .prompt import check_template
from .scalar import natural
from .validators import (
    ROLES,
    check_id,
    check_judge,
    check_tag,
    check_target_pattern,
    check_task_name,
    one_of,
    read_file_name,
    read_input,
    read_outputs,
    read_stop,
    read_target,
    read_text,
    read_texts,
    spec_reader,
)

T = TypeVar("T")
FAULT = "task_fault"  # the pydantic error type whose message is shown as it is
_SCALAR = {"type": ["string", "number", "boolean"]}


def refuse(message: str) -> PydanticCustomError:
    """The fault to raise inside a validator: `message` is shown as it is."""
    return PydanticCustomError(FAULT, "{why}", {"why": message})


def _said(function: Callable[[Any], T]) -> Callable[[Any], T]:
    """`function`, its ValueError turned into a fault with the same words."""

    def validate(value: Any) -> T:
        try:
            return function(value)
        except RecursionError:
            raise refuse("is nested too deep") from None
        except ValueError as error:
            raise refuse(str(error)) from error

    return validate


_spec_schema = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": {"type": ["object", "null"]},
        },
    ]
}
_scalars_schema = {"anyOf": [_SCALAR, {"type": "array", "items": _SCALAR}]}
_message_schema = {
    "type": "object",
    "properties": {"role": {"enum": list(ROLES)}, "content": _SCALAR},
    "required": ["role", "content"],
    "additionalProperties": False,
}

Text = Annotated[str, BeforeValidator(_said(read_text)), WithJsonSchema(_SCALAR)]
Texts = Annotated[
    tuple[str, ...], PlainValidator(_said(read_texts)), WithJsonSchema({"type": "array", "items": _SCALAR})
]
# A bound must stand next to the number: further out, the JSON Schema would not have it.
Count = Annotated[int, Field(ge=1), BeforeValidator(_said(natural))]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(_said(natural))]
PositiveShare = Annotated[float, Field(gt=0, le=1), BeforeValidator(_said(natural))]
Size = Annotated[float, Field(ge=0), BeforeValidator(_said(natural))]
Switch = Annotated[bool, BeforeValidator(_said(natural))]
Values = Annotated[dict[str, Any], BeforeValidator(_said(natural))]
TaskName = Annotated[Text, AfterValidator(_said(check_task_name))]
SampleId = Annotated[Text, AfterValidator(_said(check_id))]
Input = Annotated[
    str | tuple[Message, ...],
    PlainValidator(_said(read_input)),
    WithJsonSchema({"anyOf": [_SCALAR, {"type": "array", "items": _message_schema, "minItems": 1}]}),
]
Target = Annotated[
    str | tuple[str, ...] | None,
    PlainValidator(_said(read_target)),
    WithJsonSchema({"anyOf": [*_scalars_schema["anyOf"], {"type": "null"}]}),
]
Stop = Annotated[tuple[str, ...], PlainValidator(_said(read_stop)), WithJsonSchema(_scalars_schema)]
Judge = Annotated[Text, AfterValidator(_said(check_judge))]
MarkerName = Annotated[Text, AfterValidator(_said(check_tag))]
FileName = Annotated[str, BeforeValidator(_said(read_file_name)), WithJsonSchema({"type": "string"})]
Template = Annotated[Text, AfterValidator(_said(check_template))]
Outputs = Annotated[
    str | dict[str, tuple[str, ...]],
    PlainValidator(_said(read_outputs)),
    WithJsonSchema({"anyOf": [_SCALAR, {"type": "object", "additionalProperties": _scalars_schema}]}),
]
TargetPattern = Annotated[Text, AfterValidator(_said(check_target_pattern))]
REDUCERS = ("mean", "median", "mode", "max", "pass_at_k", "pass_hat_k")
Reducer = Annotated[Text, AfterValidator(_said(one_of(*REDUCERS))), WithJsonSchema({"enum": list(REDUCERS)})]
StrategySpec = Annotated[Spec, PlainValidator(_said(spec_reader(strategies))), WithJsonSchema(_spec_schema)]
ScorerSpec = Annotated[Spec, PlainValidator(_said(spec_reader(scorers))), WithJsonSchema(_spec_schema)]
