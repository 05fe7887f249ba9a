"""Task files: from YAML or JSON and the data beside it to a `Task`.

    recognise → source (yaml_source, json_source) → spec → rows → samples → load

Names come in lazily: recognising a task file needs neither pydantic nor PyYAML nor Jinja2.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .detect import is_foreign_harness, is_task_file
    from .hashing import messages_hash, sample_hash
    from .json_schema import task_schema
    from .load import load_task
    from .names import refuse_taken
    from .prompt import question_of, render_prompt, render_question

_HOME = {
    "is_foreign_harness": "detect",
    "is_task_file": "detect",
    "load_task": "load",
    "messages_hash": "hashing",
    "question_of": "prompt",
    "refuse_taken": "names",
    "render_prompt": "prompt",
    "render_question": "prompt",
    "sample_hash": "hashing",
    "task_schema": "json_schema",
}
__all__ = [
    "is_foreign_harness",
    "is_task_file",
    "load_task",
    "messages_hash",
    "question_of",
    "refuse_taken",
    "render_prompt",
    "render_question",
    "sample_hash",
    "task_schema",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)
