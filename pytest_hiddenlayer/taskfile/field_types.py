"""The types of values in a task file as pydantic types, each with its JSON Schema.

`Text` keeps the text as written; `Size`, `Count` and `Switch` convert it to a value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from ..confidence import MEASURES
from ..confidence.expectations import parse_bound
from ..registry import scorers, strategies
from ..types import MAX_EPOCHS, REASONING_EFFORTS, Message, Spec
from .prompt import check_template
from .scalar import plain_value
from .validators import (
    REDUCER_WITH_K,
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
    reducer_reader,
    scorer_reader,
    spec_reader,
)

T = TypeVar("T")
FAULT = "task_fault"  # the pydantic error type whose message is shown unchanged
_SCALAR = {"type": ["string", "number", "boolean"]}


def fault_error(message: str) -> PydanticCustomError:
    """Return the error to raise inside a validator; `message` is shown unchanged."""
    return PydanticCustomError(FAULT, "{why}", {"why": message})


def _as_fault(function: Callable[[Any], T]) -> Callable[[Any], T]:
    """Wrap `function` so that its ValueError becomes a fault with the same message."""

    def validate(value: Any) -> T:
        try:
            return function(value)
        except RecursionError:
            raise fault_error("is nested too deeply") from None
        except ValueError as error:
            raise fault_error(str(error)) from error

    return validate


def _checked_bound(text: str) -> str:
    parse_bound(text)
    return text


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
_scalar_or_null = {"type": [*_SCALAR["type"], "null"]}
_outputs_schema = {"anyOf": [_scalar_or_null, {"type": "array", "items": _scalar_or_null}]}
_message_schema = {
    "type": "object",
    "properties": {"role": {"enum": list(ROLES)}, "content": _SCALAR},
    "required": ["role", "content"],
    "additionalProperties": False,
}


def _reducer_schema(*names: str) -> dict[str, Any]:
    k = {"type": "object", "properties": {"k": {"type": "integer", "minimum": 1}}, "required": ["k"]}
    parameters = {name: {**k, "additionalProperties": False} for name in ("pass_at_k", "pass_hat_k")}
    mapping = {"type": "object", "properties": parameters, "minProperties": 1, "maxProperties": 1}
    with_k = {"type": "string", "pattern": f"^{REDUCER_WITH_K}$"}
    return {"anyOf": [{"enum": list(names)}, with_k, {**mapping, "additionalProperties": False}]}


Text = Annotated[str, BeforeValidator(_as_fault(read_text)), WithJsonSchema(_SCALAR)]
Texts = Annotated[
    tuple[str, ...], PlainValidator(_as_fault(read_texts)), WithJsonSchema({"type": "array", "items": _SCALAR})
]
# The bound must directly follow the number type; otherwise the JSON Schema omits it.
Count = Annotated[int, Field(ge=1, le=1_000_000_000), BeforeValidator(_as_fault(plain_value))]
Epochs = Annotated[int, Field(ge=1, le=MAX_EPOCHS), BeforeValidator(_as_fault(plain_value))]
Share = Annotated[float, Field(ge=0, le=1), BeforeValidator(_as_fault(plain_value))]
PositiveShare = Annotated[float, Field(gt=0, le=1), BeforeValidator(_as_fault(plain_value))]
Size = Annotated[float, Field(ge=0), BeforeValidator(_as_fault(plain_value))]
Switch = Annotated[bool, BeforeValidator(_as_fault(plain_value))]
Values = Annotated[dict[str, Any], BeforeValidator(_as_fault(plain_value))]
TaskName = Annotated[Text, AfterValidator(_as_fault(check_task_name))]
SampleId = Annotated[Text, AfterValidator(_as_fault(check_id))]
Input = Annotated[
    str | tuple[Message, ...],
    PlainValidator(_as_fault(read_input)),
    WithJsonSchema({"anyOf": [_SCALAR, {"type": "array", "items": _message_schema, "minItems": 1}]}),
]
Target = Annotated[
    str | tuple[str, ...] | None,
    PlainValidator(_as_fault(read_target)),
    WithJsonSchema({"anyOf": [*_scalars_schema["anyOf"], {"type": "null"}]}),
]
Stop = Annotated[tuple[str, ...], PlainValidator(_as_fault(read_stop)), WithJsonSchema(_scalars_schema)]
Judge = Annotated[Text, AfterValidator(_as_fault(check_judge))]
MarkerName = Annotated[Text, AfterValidator(_as_fault(check_tag))]
FileName = Annotated[str, BeforeValidator(_as_fault(read_file_name)), WithJsonSchema({"type": "string"})]
Template = Annotated[Text, AfterValidator(_as_fault(check_template))]
Outputs = Annotated[
    str | dict[str, tuple[str, ...]],
    PlainValidator(_as_fault(read_outputs)),
    WithJsonSchema({"anyOf": [_SCALAR, {"type": "object", "additionalProperties": _outputs_schema}]}),
]
TargetPattern = Annotated[Text, AfterValidator(_as_fault(check_target_pattern))]
Effort = Annotated[
    Text, AfterValidator(_as_fault(one_of(*REASONING_EFFORTS))), WithJsonSchema({"enum": list(REASONING_EFFORTS)})
]
REDUCERS = ("mean", "median", "mode", "max", "pass_at_k", "pass_hat_k")
Reducer = Annotated[
    str, PlainValidator(_as_fault(reducer_reader(one_of(*REDUCERS)))), WithJsonSchema(_reducer_schema(*REDUCERS))
]
Metric = Annotated[
    Text,
    AfterValidator(_as_fault(_checked_bound)),
    WithJsonSchema({"type": "string"}),
]
MeasureName = Annotated[Text, AfterValidator(_as_fault(one_of(*MEASURES))), WithJsonSchema({"enum": list(MEASURES)})]
REASONING = ("strip", "keep")
Reasoning = Annotated[Text, AfterValidator(_as_fault(one_of(*REASONING))), WithJsonSchema({"enum": list(REASONING)})]
StrategySpec = Annotated[Spec, PlainValidator(_as_fault(spec_reader(strategies))), WithJsonSchema(_spec_schema)]
ScorerSpec = Annotated[Spec, PlainValidator(_as_fault(scorer_reader(scorers))), WithJsonSchema(_spec_schema)]
