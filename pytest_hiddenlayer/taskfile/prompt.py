"""Renders a sample's fields to a prompt with a sandboxed Jinja2 template.

A template sees `input`, `choices`, `id`, `metadata` and the keys of the metadata, never the
target. Rendering is exact and repeatable: no newline is stripped, nothing is escaped, and
Jinja2's random functions are removed. Size, steps and time are limited (`templates`). A template
that is not surely harmless is compiled and rendered in a process of its own, which is killed if
it takes too long or too much memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError, meta

from ..errors import TaskError, did_you_mean
from ..limited_process.client import LimitedProcess, LimitExceededError, ProcessFailedError
from ..types import Message, Sample, Task
from .templates.budget import MAX_TIME_S, limits
from .templates.environment import PromptEnvironment
from .templates.harmless import is_harmless

MAX_PROMPT = 10_000_000  # characters
MAX_TAGS = 10_000  # of one template, which bounds the time to compile it
MEMORY_MB = 1024
"""Memory of the process that renders templates."""
PROCESS = LimitedProcess("pytest_hiddenlayer.taskfile.templates.worker", cpu_s=MAX_TIME_S + 1, memory_mb=MEMORY_MB)
"""Renders templates that are not harmless; they meet their own deadline first, if they can."""


def render_prompt(task: Task, sample: Sample) -> tuple[Message, ...]:
    """Return the messages of `sample`'s prompt, system message first. Raises TaskError if rendering fails."""
    system = () if task.system is None else (Message(role="system", content=task.system),)
    return system + _chat_messages(task, sample)


def prompt_text(messages: Sequence[Message]) -> str:
    """Return a prompt as the one text that judges read, without the system message.

    If a chat has several messages, the text is the conversation, each message after its role.
    """
    chat = [message for message in messages if message.role != "system"]
    if len(chat) == 1:
        return chat[0].content
    return "\n\n".join(f"{message.role.capitalize()}: {message.content}" for message in chat)


def check_template(text: str) -> str:
    """Return `text`. Raises ValueError if it is not a valid template."""
    if (tags := sum(map(text.count, ("{{", "{%", "{#")))) > MAX_TAGS:
        raise ValueError(f"is a template with {tags} tags; at most {MAX_TAGS} are allowed")
    return check_here(text) if is_harmless(text) else _in_process(text, None)


def check_here(text: str) -> str:
    """Return `text` as `check_template` does, after compiling it in this process."""
    try:
        _template(text)
    except TemplateSyntaxError as error:
        raise ValueError(f"template line {error.lineno}: {error.message}") from error
    except (TemplateError, RecursionError, MemoryError, OverflowError, SyntaxError) as error:
        raise ValueError(f"is not a template: {str(error) or type(error).__name__}") from error
    return text


def template_variables(text: str) -> set[str]:
    """Return the names of the variables that a valid template reads from outside."""
    return set(meta.find_undeclared_variables(_environment().parse(text)))


def _chat_messages(task: Task, sample: Sample) -> tuple[Message, ...]:
    if task.prompt is not None:
        return (Message(role="user", content=_render(task.prompt, task, sample)),)
    if isinstance(sample.input, str):
        return (Message(role="user", content=sample.input),)
    return sample.input


def render_template(template: str, variables: Mapping[str, Any]) -> str:
    """Return a template with its variables filled in, within limits. Raises ValueError with the reason."""
    if not is_harmless(template):
        try:
            return _in_process(template, variables)
        except TypeError:  # Python code gave it variables that JSON does not have, which no process receives
            pass
    return render_here(template, variables)


def render_here(template: str, variables: Mapping[str, Any]) -> str:
    """Return a rendered template as `render_template` does, in this process."""
    try:
        return _filled(template, variables)
    except Exception as error:  # a template may raise anything: 1 / 0, a wrong type, no memory
        raise ValueError(_reason(template, variables, error)) from error


def _in_process(template: str, variables: Mapping[str, Any] | None) -> str:
    """Return what the process of templates answers. Raises ValueError as it does, TypeError for other values."""
    try:
        response = PROCESS.ask(template, None if variables is None else _plain(variables))
    except LimitExceededError as error:
        raise ValueError(f"the prompt does not render: the template {error}; simplify it") from error
    except ProcessFailedError as error:
        raise ValueError(f"the prompt does not render: {error}") from error
    if "error" in response:
        raise ValueError(response["error"])
    return str(response["text"])


def _plain(value: Any) -> Any:
    """Return `value` with every mapping as a dict. Raises TypeError for values that only Python code has."""
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(f"{type(value).__name__} is not a plain value")


def _render(template: str, task: Task, sample: Sample) -> str:
    try:
        return render_template(template, _variables(sample))
    except ValueError as error:
        message = f"sample {sample.id!r}: {error}"
        raise TaskError(message, file=task.path, field="prompt") from error.__cause__


def _filled(template: str, variables: Mapping[str, Any]) -> str:
    chunks, length = [], 0
    with limits():
        for chunk in _template(template).generate(variables):
            chunks.append(chunk)
            length += len(chunk)
            if length > MAX_PROMPT:
                raise TemplateError(f"the prompt is longer than {MAX_PROMPT} characters")
    return "".join(chunks)


def _variables(sample: Sample) -> dict[str, Any]:
    chat = [{"role": m.role, "content": m.content} for m in sample.input if isinstance(m, Message)]
    fields = {
        "input": sample.input if isinstance(sample.input, str) else chat,
        "choices": list(sample.choices),
        "id": sample.id,
        "metadata": dict(sample.metadata),
    }
    # A data file's own `target` column would reveal the answer too.
    return {**{key: value for key, value in sample.metadata.items() if key != "target"}, **fields}


def _reason(text: str, variables: Mapping[str, Any], error: Exception) -> str:
    unknown = sorted(meta.find_undeclared_variables(_environment().parse(text)) - variables.keys())
    undefined = [name for name in unknown if f"'{name}' is undefined" in str(error)]
    if undefined == ["target"]:
        return "a prompt cannot use the target, which would reveal the answer"
    if undefined:
        name, suggestion = undefined[0], did_you_mean(undefined[0], variables)
        return f"the prompt uses {name!r}, which does not exist{suggestion} (available: {', '.join(variables)})"
    if isinstance(error, MemoryError):
        return "the prompt does not render: the template needs too much memory; shorten it"
    return f"the prompt does not render: {str(error) or type(error).__name__}"


@lru_cache(maxsize=256)
def _template(text: str) -> Template:
    return _environment().from_string(text)


@cache
def _environment() -> PromptEnvironment:
    return PromptEnvironment()
