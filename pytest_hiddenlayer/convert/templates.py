"""Jinja2 templates of other tools as prompts of this project.

A prompt sees a sample's metadata by name, but `input`, `choices`, `id` and `metadata` are the sample's
fields, `rules` is for the scorer of this name, and `target` is never shown. A variable with such a name is
stored under another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, meta

from ..taskfile.prompt import check_template, render_template
from ..taskfile.templates.environment import PromptEnvironment

RESERVED = ("input", "choices", "id", "metadata", "target", "rules")
_ENVIRONMENT = PromptEnvironment()


def literal(text: str) -> str:
    """Return a template that renders to `text`."""
    if not any(mark in text for mark in ("{{", "{%", "{#", "}}", "%}", "#}")):
        return text
    return "".join("{{ '" + part + "' }}" if part in _MARKS else part for part in _split(text))


_MARKS = ("{", "}")


def _split(text: str) -> Iterable[str]:
    """Each brace by itself, and what is between."""
    start = 0
    for index, character in enumerate(text):
        if character in _MARKS:
            yield text[start:index]
            yield character
            start = index + 1
    yield text[start:]


def variables(template: str) -> set[str]:
    """Return the variables that a template uses. Raises ValueError if the text is not a template."""
    check_template(template)
    try:
        return meta.find_undeclared_variables(_ENVIRONMENT.parse(template)) - set(_ENVIRONMENT.globals)
    except TemplateSyntaxError as error:
        raise ValueError(f"is not a template: {error.message}") from error


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return the rendered text. Raises ValueError if it does not render, or is too large."""
    if not any(mark in template for mark in ("{{", "{%", "{#")):
        return template
    check_template(template)
    try:
        return render_template(template, values)
    except ValueError as error:
        raise ValueError(str(error).replace("the prompt", "the template", 1)) from error


def as_prompt(template: str) -> str:
    """Return the template with the variables of reserved names read from where `stored` puts them."""
    used = sorted(variables(template) & set(RESERVED))
    return "".join(f"{{% set {name} = {name}_value %}}" for name in used) + template


def stored(values: Mapping[str, Any], used: Iterable[str]) -> dict[str, Any]:
    """Return the metadata of a sample: the values that its prompt uses, by the names that `as_prompt` reads."""
    names = {name: f"{name}_value" if name in RESERVED else name for name in sorted(used)}
    return {names[name]: values[name] for name in names if name in values}
