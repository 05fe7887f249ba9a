"""Prompts: a sample's fields through a sandboxed Jinja2 template.

A template sees `input`, `choices`, `id`, `metadata` and the keys of the metadata, never the
target. What is written is what is asked: no newline is stripped, nothing is escaped, and
what Jinja2 would draw at random is taken out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ..errors import TaskError, did_you_mean
from ..types import Message, Sample, Task

MAX_PROMPT = 10_000_000  # characters; ends a template that loops to exhaust memory


def render_prompt(task: Task, sample: Sample) -> tuple[Message, ...]:
    """The messages that ask `sample`, the system message first. Raises TaskError where the template fails."""
    system = () if task.system is None else (Message(role="system", content=task.system),)
    return system + _asked(task, sample)


def render_question(task: Task, sample: Sample) -> str:
    """The question as one text, without system message.

    Of a chat with several messages it is the conversation, each message after its role.
    """
    return question_of(_asked(task, sample))


def question_of(messages: Sequence[Message]) -> str:
    """The same, of messages that were rendered already."""
    asked = [message for message in messages if message.role != "system"]
    if len(asked) == 1:
        return asked[0].content
    return "\n\n".join(f"{message.role.capitalize()}: {message.content}" for message in asked)


def check_template(text: str) -> str:
    """The template's text. Raises ValueError where its syntax is wrong."""
    try:
        _template(text)
    except TemplateSyntaxError as error:
        raise ValueError(f"template line {error.lineno}: {error.message}") from error
    except (TemplateError, RecursionError, MemoryError, OverflowError, SyntaxError) as error:
        raise ValueError(f"is no template: {str(error) or type(error).__name__}") from error
    return text


def _asked(task: Task, sample: Sample) -> tuple[Message, ...]:
    if task.prompt is not None:
        return (Message(role="user", content=_render(task.prompt, task, sample)),)
    if isinstance(sample.input, str):
        return (Message(role="user", content=sample.input),)
    return sample.input


def _render(template: str, task: Task, sample: Sample) -> str:
    seen = _visible(sample)
    pieces, length = [], 0
    try:
        for piece in _template(template).generate(seen):
            pieces.append(piece)
            length += len(piece)
            if length > MAX_PROMPT:
                raise TemplateError(f"the prompt is longer than {MAX_PROMPT} characters")
    except Exception as error:  # a template may raise anything: 1 / 0, a wrong type, no memory
        why = _why(template, seen, error)
        raise TaskError(f"sample {sample.id!r}: {why}", file=task.path, field="prompt") from error
    return "".join(pieces)


def _visible(sample: Sample) -> dict[str, Any]:
    chat = [{"role": m.role, "content": m.content} for m in sample.input if isinstance(m, Message)]
    fields = {
        "input": sample.input if isinstance(sample.input, str) else chat,
        "choices": list(sample.choices),
        "id": sample.id,
        "metadata": dict(sample.metadata),
    }
    # A data file's own `target` column would give the answer away as much as ours.
    return {**{key: value for key, value in sample.metadata.items() if key != "target"}, **fields}


def _why(text: str, seen: dict[str, Any], error: Exception) -> str:
    unknown = sorted(meta.find_undeclared_variables(_environment().parse(text)) - seen.keys())
    named = [name for name in unknown if f"'{name}' is undefined" in str(error)]
    if named == ["target"]:
        return "a prompt does not see the target, which would give the answer away"
    if named:
        near = did_you_mean(named[0], seen)
        return f"the prompt asks for {named[0]!r}, which is not there{near} (there are: {', '.join(seen)})"
    return f"the prompt does not render: {str(error) or type(error).__name__}"


@lru_cache(maxsize=256)
def _template(text: str) -> Template:
    return _environment().from_string(text)


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False
    )
    environment.globals.pop("lipsum")  # random: the same sample must give the same prompt
    environment.filters.pop("random")
    return environment
