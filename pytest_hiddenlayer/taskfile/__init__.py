"""Loads task files: a YAML or JSON file and the data files that it names become a `Task`.

    detect → paths → yaml_source | json_source → schema → rows → samples → load

Imports `errors`, `types`, `registry` and `parameters` only. The names below are imported on first
use, because detecting a task file needs neither pydantic nor PyYAML nor Jinja2.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .detect import is_collected, is_foreign_harness, is_task_file
    from .hashing import hashed_parameters, messages_hash, sample_hash
    from .load import load_task, refuse_duplicate_name
    from .prompt import prompt_text, render_prompt
    from .schema import task_schema

_MODULES = {
    "hashed_parameters": "hashing",
    "is_collected": "detect",
    "is_foreign_harness": "detect",
    "is_task_file": "detect",
    "load_task": "load",
    "messages_hash": "hashing",
    "prompt_text": "prompt",
    "refuse_duplicate_name": "load",
    "render_prompt": "prompt",
    "sample_hash": "hashing",
    "task_schema": "schema",
}
__all__ = [
    "hashed_parameters",
    "is_collected",
    "is_foreign_harness",
    "is_task_file",
    "load_task",
    "messages_hash",
    "prompt_text",
    "refuse_duplicate_name",
    "render_prompt",
    "sample_hash",
    "task_schema",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
