"""Errors of a task file that are found after loading, with the file, line and field of the fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ...errors import ParameterError, TaskError, UsageError
from ...types import Spec, Task

T = TypeVar("T")


def from_task(task: Task, field: str, read: Callable[[], T]) -> T:
    """Return `read()`. A UsageError in it is raised as the TaskError of this field, such as `strategies[0]`."""
    try:
        return read()
    except UsageError as error:
        raise task_error(task, field, str(error)) from error


def from_spec(task: Task, field: str, spec: Spec, build: Callable[[Spec], T]) -> T:
    """Return `build(spec)`. A UsageError in it is raised as the TaskError of the parameter, if it names one."""
    try:
        return build(spec)
    except ParameterError as error:
        parameter = f"{field}.{spec.name}.{error.parameter}"
        raise task_error(task, parameter if parameter in task.lines else field, str(error)) from error
    except UsageError as error:
        raise task_error(task, field, str(error)) from error


def task_error(task: Task, field: str, message: str) -> TaskError:
    """Return the error of a field of the task file, at the field's line; "" is the whole file."""
    return TaskError(message, file=task.path, line=task.lines.get(field), field=field or None)
