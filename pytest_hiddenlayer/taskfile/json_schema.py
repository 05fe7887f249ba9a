"""The JSON Schema of task files, for editors."""

from __future__ import annotations

from typing import Any

from .schema import TaskForm


def task_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a task file, a description with each field."""
    schema = TaskForm.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "hiddenlayer task"}
