"""A task of lm-evaluation-harness: its YAML with all includes, its data and its metrics become a task.

The fields are those of the harness's task guide (EleutherAI/lm-evaluation-harness, docs/task_guide.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..draft import Draft, Work
from ..files import is_true, number_of, text_of, texts_of
from .config import Config, described
from .data import rows_of
from .metrics import Scoring, scoring_of
from .prompts import Prompts, prompts_of

MAX_TOKENS = 1_000_000
_PYTHON = ("process_docs", "process_results", "custom_dataset", "download_dataset")


def convert(work: Work) -> Iterator[Draft]:
    """Yield the task. Raises TaskError for what cannot be expressed, and last for data that are not local."""
    config = Config(work)
    config.add(work.source)
    _refuse_others(config)
    scoring = scoring_of(config)
    prompts = prompts_of(config)
    rows = rows_of(config)
    samples = list(prompts.samples(rows, scoring))
    name = text_of(config.get("task").value) if config.get("task") is not None else None  # type: ignore[union-attr]
    draft = Draft(name=name or work.source.path.stem, scorers=scoring.scorers(samples), samples=samples)
    draft.fields = _fields(config, scoring, prompts)
    yield draft


def _refuse_others(config: Config) -> None:
    """Raise TaskError for groups, Python code and prompts of other packages."""
    task = config.get("task")
    if config.get("group") is not None and (task is None or not isinstance(text_of(task.value), str)):
        raise config.error("group", "is a group of tasks; convert the files of its tasks")
    if task is not None and isinstance(task.value, list):
        raise config.error("task", "is a group of tasks; convert the files of its tasks")
    if config.get("class") is not None:
        raise config.error("class", f"class is {described(config.fields['class'][0].value)}, which is not run")
    for key in _PYTHON:
        if (at := config.get(key)) is not None:
            raise config.error(key, f"{key} is {described(at.value)}, which is not run")
    if config.get("use_prompt") is not None:
        raise config.error("use_prompt", "use_prompt takes a prompt of another package; write its doc_to_text")
    for key in ("doc_to_image", "doc_to_audio"):
        if config.get(key) is not None:
            raise config.error(key, f"{key}: only text is sent to models")


def _fields(config: Config, scoring: Scoring, prompts: Prompts) -> dict[str, Any]:
    fields: dict[str, Any] = {"prompt": prompts.template(), "generate": _generate(config)}
    if scoring.strategies:
        fields["strategies"] = scoring.strategies
    if config.get("fewshot_as_multiturn") is not None:
        config.left_out("fewshot_as_multiturn", "fewshot_as_multiturn: the examples are part of one message")
    return fields


def _generate(config: Config) -> dict[str, Any]:
    """Return the generation parameters. Stop texts of a completion model are kept, as the task states them."""
    written = config.get("generation_kwargs")
    if written is None or not isinstance(written.value, dict):
        return {}
    values = written.value
    generate: dict[str, Any] = {}
    temperature = number_of(values.get("temperature"))
    if not is_true(values.get("do_sample")):
        temperature = 0.0 if "do_sample" in values else temperature
    if temperature is not None and temperature >= 0:
        generate["temperature"] = temperature
    top_p, most = number_of(values.get("top_p")), number_of(values.get("max_gen_toks"))
    if top_p is not None and 0 < top_p <= 1:
        generate["top_p"] = top_p
    if most is not None and most >= 1:
        generate["max_tokens"] = int(min(most, MAX_TOKENS))
    stop = texts_of(values.get("until")) if values.get("until") is not None else None
    if stop and any(stop):
        generate["stop"] = [text for text in stop if text]
    return generate
