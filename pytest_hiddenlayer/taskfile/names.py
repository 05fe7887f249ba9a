"""Task names are unique in a session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors import TaskError
from ..types import Task


def refuse_taken(task: Task, others: Mapping[Path, Task]) -> None:
    """Raise TaskError where another file already gave a task this name."""
    for path, other in others.items():
        if other.name == task.name:
            raise TaskError(
                f"task name {task.name!r} is taken by {path.name}: names are unique in a session",
                file=task.path,
                field="task",
            )
