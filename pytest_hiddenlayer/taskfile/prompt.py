"""Renders a sample's fields to a prompt with a sandboxed Jinja2 template.

A template sees `input`, `choices`, `id`, `metadata` and the keys of the metadata, never the
target. Rendering is exact and repeatable: no newline is stripped, nothing is escaped, and
Jinja2's random functions are removed. Size, steps and time are limited (`templates`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError, meta

from ..errors import TaskError, did_you_mean
from ..types import Message, Sample, Task
from .templates.budget import limits
from .templates.environment import PromptEnvironment

MAX_PROMPT = 10_000_000  # characters
MAX_TAGS = 10_000  # of one template, which bounds the time to compile it


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
    try:
        return _filled(template, variables)
    except Exception as error:  # a template may raise anything: 1 / 0, a wrong type, no memory
        raise ValueError(_reason(template, variables, error)) from error


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
    return f"the prompt does not render: {str(error) or type(error).__name__}"


@lru_cache(maxsize=256)
def _template(text: str) -> Template:
    return _environment().from_string(text)


@cache
def _environment() -> PromptEnvironment:
    return PromptEnvironment()
