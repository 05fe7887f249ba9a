"""The schema of a task file: every field with its type, range, default and meaning."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from .field_types import (
    Count,
    Effort,
    Epochs,
    FileName,
    Input,
    Judge,
    MarkerName,
    MeasureName,
    Metric,
    Outputs,
    PositiveShare,
    Reasoning,
    Reducer,
    SampleId,
    ScorerSpec,
    Share,
    Size,
    Stop,
    StrategySpec,
    Switch,
    Target,
    TargetPattern,
    TaskName,
    Template,
    Text,
    Texts,
    Values,
)

ROWS, PATH, FILE = "<rows>", "<path>", "<file>"
TAGS = {ROWS, PATH, FILE}
"""Parts of a pydantic error location that name a branch of a union, not a key of the file."""


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)  # docstrings are read by `task_schema` only


class SampleRow(_Form):
    """One problem, as written in a task file or in a row of a data file."""

    id: SampleId | None = None
    """Unique in its task, without `::`. Default: the 0-based row number, which changes if a row is inserted."""
    input: Input
    """The problem: text, or chat messages `{role, content}`."""
    target: Target = None
    """The correct answer as written, a list of accepted answers, or nothing."""
    choices: Texts = ()
    """Texts of the choices A, B, C, ..."""
    group: Text | None = None
    """Samples of one group are not independent; standard errors are clustered by group."""
    must_pass: Switch = False
    """Whether a wrong answer fails the gate by itself."""
    metadata: Values = Field(default_factory=dict)
    """Other values that the prompt may use."""


class DataFile(_Form):
    """A data file and the path of the rows inside it."""

    file: FileName
    """Name of a .jsonl, .json, .csv, .tsv or .parquet file, relative to the task file."""
    path: Text | None = None
    """Dotted path of the list of rows in a .json file: `data.examples`."""


class FieldMap(_Form):
    """The data file's column for each field; a dotted path selects a nested value: `answer.value`, `turns.0`."""

    id: Text | None = None
    input: Text | None = None
    target: Text | None = None
    choices: Text | None = None
    group: Text | None = None
    must_pass: Text | None = None
    metadata: Text | None = None


class GenerateForm(_Form):
    """How models generate. A parameter that is not set is not sent; `null` omits a strategy's default too."""

    temperature: Size | None = None
    """0 is greedy."""
    top_p: PositiveShare | None = None
    """Nucleus sampling: sample from the most likely tokens with this total probability."""
    max_tokens: Count | None = None
    """Maximum number of generated tokens."""
    stop: Stop | None = None
    """Generation ends before the first of these texts."""
    reasoning_effort: Effort | None = None
    """How much a reasoning model thinks: none, minimal, low, medium, high, xhigh or max."""

    def omitted(self) -> tuple[str, ...]:
        """Return the parameters that are written as null: they are not sent, whatever a strategy's default is."""
        return tuple(name for name in sorted(self.model_fields_set) if getattr(self, name) is None)


class ExpectForm(_Form):
    """Bounds of calibration, such as `<0.1`; the gate fails unless the 95 % interval lies within the bound."""

    measure: MeasureName | None = None
    """Measure of confidence. Default: the main one (stated, vote share, or token probability)."""
    ece: Metric | None = None
    """Expected calibration error, which has no interval: its value must be within the bound."""
    brier: Metric | None = None
    """Brier score."""
    auroc: Metric | None = None
    """Probability that a right answer has a higher confidence than a wrong one."""
    aurc: Metric | None = None
    """Mean share of wrong answers over all coverages."""
    wqd: Metric | None = None
    """The chance of AUROC among the epochs of one sample."""


def _samples_kind(value: Any) -> str:
    return ROWS if isinstance(value, list) else FILE if isinstance(value, dict | DataFile) else PATH


class TaskForm(_Form):
    """A task of pytest-hiddenlayer."""

    task: TaskName | None
    """Name, unique in a session. If empty: the file name without its suffix."""
    description: Text = ""
    """What the task measures."""
    samples: Annotated[
        Annotated[list[SampleRow], Tag(ROWS)] | Annotated[DataFile, Tag(FILE)] | Annotated[FileName, Tag(PATH)],
        Discriminator(_samples_kind),
    ]
    """The samples themselves, or the name of a .jsonl, .json, .csv, .tsv or .parquet file relative to this one."""
    fields: FieldMap = Field(default_factory=FieldMap)
    """The data file's column for each field, if its name differs from the field's."""
    id_prefix: Text = ""
    """Precedes the row number in the id of a sample without an id: `object_counting-`."""
    target_pattern: TargetPattern | None = None
    """A regular expression with one group that finds the answer inside each target."""
    prompt: Template | None = None
    """Jinja2 template over the sample's input, choices, id and metadata. Default: the input as written."""
    system: Text | None = None
    """The system message."""
    strategies: list[StrategySpec] | None = Field(default=None, min_length=1)
    """Names, or `{name: {parameter: value}}`. Default: [single]."""
    scorers: list[ScorerSpec] = Field(min_length=1)
    """Names, or `{name: {parameter: value}}`. The first scorer's score is the headline score, which the gate judges.

    `as: NAME` among the parameters names a score, so that one scorer may appear twice.
    """
    generate: GenerateForm = Field(default_factory=GenerateForm)
    """Generation parameters. Command-line options take precedence."""
    epochs: Epochs = 1
    """Repetitions of each sample."""
    reducer: Reducer = "mean"
    """How a sample's epochs become one score. `pass_at_10` or `{pass_at_k: {k: 10}}` state k; else it is `epochs`."""
    pass_score: Share | None = None
    """The lowest score of a correct sample. Default: the scorer's own."""
    threshold: Share | None = None
    """The score that a cell must reach."""
    expect: ExpectForm = Field(default_factory=ExpectForm)
    """How well the confidence in answers must match right answers."""
    min_scored: Share = 0.95
    """Share of the selected answers (samples × epochs) that must be scored."""
    margin: Share = 0.0
    """Non-inferiority margin: the tolerated drop below the baseline."""
    min_effect: Share = 0.05
    """Equivalence margin: smaller differences from the baseline do not matter."""
    judge: Judge | None = None
    """PROVIDER[:MODEL] of the judge, for judged scorers and strategies."""
    outputs: Outputs | None = None
    """For `--provider recorded`: a file of `{id, output}` rows, or a mapping from id to output.

    Rows of a file may hold recorded samples or debates (docs/recordings.md) for the strategy `recorded`.
    """
    reasoning: Reasoning = "strip"
    """What happens to the model's reasoning (`<think>…</think>`) in an answer before it is scored."""
    tags: list[MarkerName] = Field(default_factory=list)
    """pytest markers of the task's samples."""


def task_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a task file, with a description per field."""
    schema = TaskForm.model_json_schema()
    forms = {TaskForm.__name__: schema, **schema["$defs"]}
    for form, field, text in _docstrings():
        if form in forms:
            fields = forms[form]["properties"]
            fields[field] = dict(sorted({"description": text, **fields[field]}.items()))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "hiddenlayer task"}


def _docstrings() -> Iterator[tuple[str, str, str]]:
    """Yield (form, field, its docstring) of the forms above.

    pydantic's `use_attribute_docstrings` would read this file each time that a task is loaded.
    """
    body = ast.parse(Path(__file__).read_text(encoding="utf-8")).body
    for form in (statement for statement in body if isinstance(statement, ast.ClassDef)):
        for written, following in pairwise(form.body):
            match written, following:
                case ast.AnnAssign(target=ast.Name(id=field)), ast.Expr(value=ast.Constant(value=str(text))):
                    yield form.name, field, cleandoc(text)
