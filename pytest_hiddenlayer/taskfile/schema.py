"""The form of a task file: every field with its type, range, default and meaning."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from .field_types import (
    Count,
    FileName,
    Input,
    Judge,
    MarkerName,
    Outputs,
    PositiveShare,
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
"""Parts of an error's place that come from a union here, not from the file."""


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class SampleRow(_Form):
    """One problem, as it stands in a task file or in a row of a data file."""

    id: SampleId | None = None
    """Unique in its task, without `::`; left out: the 0-based row number, which insertion shifts."""
    input: Input
    """The problem: text, or chat messages `{role, content}`."""
    target: Target = None
    """The right answer as written, a list of accepted answers, or nothing."""
    choices: Texts = ()
    """Texts of the choices A, B, C, ..."""
    group: Text | None = None
    """Samples of one group are not independent; error bars are clustered by it."""
    must_pass: Switch = False
    """Whether a wrong answer fails the gate by itself."""
    metadata: Values = Field(default_factory=dict)
    """Further values that the prompt may use."""


class DataFile(_Form):
    """A data file, with the place of the rows inside it."""

    file: FileName
    """Name of a .jsonl, .json or .csv file, relative to the task file."""
    path: Text | None = None
    """Where the list of rows stands in a .json file, dotted: `data.examples`."""


class FieldMap(_Form):
    """Names of a data file's columns for ours; dotted paths reach inside: `answer.value`, `turns.0`."""

    id: Text | None = None
    input: Text | None = None
    target: Text | None = None
    choices: Text | None = None
    group: Text | None = None
    must_pass: Text | None = None
    metadata: Text | None = None


class GenerateForm(_Form):
    """How models generate."""

    temperature: Size | None = None
    """0 is greedy."""
    top_p: PositiveShare | None = None
    """Share of probability that is sampled from."""
    max_tokens: Count | None = None
    """New tokens at most."""
    stop: Stop | None = None
    """GenerationConfig ends before the first of these texts."""


def _samples_kind(value: Any) -> str:
    return ROWS if isinstance(value, list) else FILE if isinstance(value, dict | DataFile) else PATH


class TaskForm(_Form):
    """A task of pytest-hiddenlayer."""

    task: TaskName | None
    """Name, unique in a session; empty: the file's stem."""
    description: Text = ""
    """What the task measures."""
    samples: Annotated[
        Annotated[list[SampleRow], Tag(ROWS)] | Annotated[DataFile, Tag(FILE)] | Annotated[FileName, Tag(PATH)],
        Discriminator(_samples_kind),
    ]
    """The samples themselves, or the name of a .jsonl, .json or .csv file relative to this one."""
    fields: FieldMap = Field(default_factory=FieldMap)
    """Names of the data file's columns, where they are not ours."""
    id_prefix: Text = ""
    """Stands before the row number in the id of a sample without one: `object_counting-`."""
    target_pattern: TargetPattern | None = None
    """A regular expression with one group that finds the answer inside each target."""
    prompt: Template | None = None
    """Jinja2 over the sample's input, choices, id and metadata; left out: the input as it is."""
    system: Text | None = None
    """The system message."""
    strategies: list[StrategySpec] | None = Field(default=None, min_length=1)
    """Names, or `{name: {parameter: value}}`; left out: [single]."""
    scorers: list[ScorerSpec] = Field(min_length=1)
    """Names, or `{name: {parameter: value}}`; the first gives the headline score."""
    generate: GenerateForm = Field(default_factory=GenerateForm)
    """GenerationConfig parameters; options of the command line win."""
    epochs: Count = 1
    """Repeats of each sample."""
    reducer: Reducer = "mean"
    """How the scores of a sample's epochs become one."""
    pass_score: Share | None = None
    """The score from which on one sample is right; left out: the scorer's own."""
    threshold: Share | None = None
    """The score that a cell must reach."""
    min_scored: Share = 0.95
    """Share of the selected samples that must be scored."""
    margin: Size = 0.0
    """How much worse than the baseline is tolerated."""
    min_effect: Size = 0.05
    """Differences smaller than this do not matter."""
    judge: Judge | None = None
    """PROVIDER[:MODEL] of the judge, for judged scorers and strategies."""
    outputs: Outputs | None = None
    """For `--provider recorded`: a file of `{id, output}` rows, or a mapping from id to output."""
    tags: list[MarkerName] = Field(default_factory=list)
    """pytest markers of the task's samples."""
