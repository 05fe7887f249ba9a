"""The formats of other tools: how each is recognized, and what converts it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..errors import TaskError
from ..taskfile.paths import Source
from ..taskfile.recordings.reader import has_recording
from .draft import Draft, Work
from .files import Files
from .own_files import is_own_task, is_record, mark_data_files

Convert = Callable[[Work], Iterable[Draft]]
CONFIG_SUFFIXES = (".yaml", ".yml", ".json")
SUFFIXES = (*CONFIG_SUFFIXES, ".jsonl", ".csv", ".tsv", ".eval", ".parquet")
TEMPLATE = "template"
"""What other files include or name: no task by itself."""
OWN = "own"
"""A task file or a run log of this project."""
RECORDINGS = "recordings"
_HARNESS = {
    "dataset_path",
    "dataset_name",
    "doc_to_text",
    "doc_to_target",
    "doc_to_choice",
    "output_type",
    "metric_list",
    "generation_kwargs",
    "process_docs",
    "task_alias",
    "aggregate_metric_list",
}


_HELPER = re.compile(r"\.(solvers?|completion_fns|baselines)\b|(Solver|CompletionFn)$")
"""Classes that answer, and are not evals."""


@dataclass(frozen=True, slots=True)
class Format:
    """A name for `--from`, what it is, and where its conversion is."""

    name: str
    text: str
    module: str

    @property
    def convert(self) -> Convert:
        """The function that yields the drafts of one file."""
        convert: Convert = import_module(self.module, __package__).convert
        return convert


FORMATS = {
    item.name: item
    for item in (
        Format("promptfoo", "promptfoo configuration, YAML or JSON", ".promptfoo.config"),
        Format("promptfoo-csv", "promptfoo tests in CSV", ".promptfoo.table"),
        Format("inspect", "Inspect dataset, JSONL, JSON or CSV", ".inspect.dataset"),
        Format("inspect-log", "Inspect log, .eval or JSON", ".inspect.log"),
        Format("openai-evals", "openai/evals registry YAML", ".openai_evals.registry"),
        Format("openai-evals-samples", "openai/evals samples, JSONL", ".openai_evals.samples"),
        Format("lm-eval", "lm-evaluation-harness task, YAML", ".lm_eval.task"),
        Format("bigbench", "BIG-bench or BIG-Bench-Hard task, JSON", ".bigbench"),
        Format("mt-bench", "MT-Bench questions, JSONL", ".mt_bench"),
        Format("alpaca-eval", "AlpacaEval model outputs, JSON", ".alpaca_eval"),
        Format(RECORDINGS, "recorded samples, debates or trials, JSONL (docs/recordings.md)", ".recordings"),
    )
}


def detect(source: Source, files: Files) -> str | None:
    """Return the name of a file's format, `TEMPLATE`, `OWN`, or None for none of them.

    The data files that a task file of this project names are marked as used. Raises TaskError if the
    file cannot be read.
    """
    suffix = source.path.suffix.lower()
    if suffix == ".eval":
        return "inspect-log"
    if suffix in (".yaml", ".yml", ".json"):
        data = files.document(source).data
        if is_own_task(data):
            mark_data_files(source, data, files)
            return OWN
        return _of_json(data) if suffix == ".json" else _of_yaml(data)
    if suffix in (".jsonl", ".csv", ".tsv", ".parquet"):
        return _of_rows(source, files)
    return None


def _of_yaml(data: Any) -> str | None:
    if not isinstance(data, dict):
        return None
    if _is_promptfoo(data):
        return "promptfoo"
    values = [value for value in data.values() if isinstance(value, dict)]
    classes = [value["class"].strip() for value in values if isinstance(value.get("class"), str)]
    if classes and "task" not in data:
        is_helper = all(_HELPER.search(name) for name in classes)
        return TEMPLATE if is_helper else "openai-evals"
    if any("choice_strings" in value and "prompt" in value for value in values):
        return TEMPLATE
    if "task" in data and (data.keys() & _HARNESS or data.keys() & {"include", "group", "class", "tag"}):
        return "lm-eval"
    if data.keys() & _HARNESS:
        return TEMPLATE
    return None


def _is_promptfoo(data: dict[str, Any]) -> bool:
    return ("prompts" in data or "providers" in data) and bool(data.keys() & {"tests", "defaultTest", "scenarios"})


def _of_json(data: Any) -> str | None:
    if isinstance(data, list):
        first = data[0] if data and isinstance(data[0], dict) else {}
        return _of_row(first)
    if not isinstance(data, dict):
        return None
    if _is_promptfoo(data):
        return "promptfoo"
    if "eval" in data and "version" in data and isinstance(data["eval"], dict):
        return "inspect-log"
    examples = data.get("examples")
    if isinstance(examples, list) and (not examples or isinstance(examples[0], dict)):
        return "bigbench"
    if {"canary", "keywords"} <= data.keys():
        return "bigbench"
    return None


def _of_rows(source: Source, files: Files) -> str | None:
    first = next(iter(files.rows(source)), None)
    if first is None:
        raise source.error("has no rows")
    columns = first.values.keys()
    if source.path.suffix.lower() in (".csv", ".tsv") and any(name.startswith("__") for name in columns):
        return "promptfoo-csv"
    return _of_row(first.values)


def _of_row(row: dict[str, Any]) -> str | None:
    if is_record(row):
        return OWN
    if has_recording(row):
        return RECORDINGS
    if "question_id" in row and "turns" in row:
        return "mt-bench"
    if "instruction" in row and "output" in row and "input" not in row:
        return "alpaca-eval"
    if "input" in row and "ideal" in row:
        return "openai-evals-samples"
    if "input" in row and "target" in row:
        return "inspect"
    return None


def unknown(source: Source) -> TaskError:
    """Return the error for a file in none of the formats."""
    if source.path.stat().st_size == 0:
        return source.error("is empty; name a file or folder of another tool")
    names = ", ".join(FORMATS)
    hint = "name one with --from, such as --from recordings, which says what is wrong, or columns with --fields"
    return source.error(f"is in none of the formats {names}; {hint}")
