"""Prompts, targets, choices and few-shot examples of a harness task."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...taskfile.tables.row import Row
from ..draft import At, DraftSample
from ..files import number_of, plain, text_of
from ..templates import as_prompt, literal, render, stored, variables
from .config import Config
from .data import few_shot_rows
from .metrics import Scoring

MAX_CHOICES = 26
MAX_FEW_SHOT = 100
MAX_LITERAL = 100_000  # characters of a list that is written as a text
_LISTED = (
    "\n\nChoices:{% for choice in all_choices %}\n{{ 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[loop.index0] }}. {{ choice }}"
    "{% endfor %}\nAnswer with the letter of the best choice."
)


@dataclass(slots=True)
class Prompts:
    """The templates of a task."""

    config: Config
    text: str
    target: Any  # a template or a column, a number, or None
    choices: Any
    description: str = ""
    separator: str = "\n\n"
    target_delimiter: str = " "
    prefix: str = ""  # gen_prefix, with which the answer begins
    few_shot: str = ""
    is_column: bool = False  # whether `text` is the name of a column
    lists_choices: bool = False
    used: set[str] = field(default_factory=set)

    def template(self) -> str:
        """Return the prompt of the task."""
        text = f"{{{{ {self._column()} }}}}" if self.is_column else self.text
        prefix = literal(f"{self.target_delimiter}{self.prefix}") if self.prefix else ""
        prompt = as_prompt(literal(self.description + self.few_shot) + text + prefix)
        # Taken first: the template may have a column of this name.
        return f"{{% set all_choices = choices %}}{prompt}{_LISTED}" if self.lists_choices else prompt

    def _column(self) -> str:
        return self.text if self.text.isidentifier() else f"metadata[{self.text!r}]"

    def samples(self, rows: Iterable[Row], scoring: Scoring) -> Iterator[DraftSample]:
        """Yield a sample per row; says which rows have no prompt or target."""
        first = True
        for row in rows:
            try:
                values = plain(row.values)
                if first:
                    self._begin(values, scoring)
                    first = False
                yield self._sample(row, values, scoring)
            except (ValueError, RecursionError) as error:
                self.config.work.left_out(f"row {row.number} of the data: {error}", row.line)

    def _begin(self, values: Mapping[str, Any], scoring: Scoring) -> None:
        self.is_column = self.text in values
        self.used = {self.text} if self.is_column else variables(self.text)
        self.few_shot = self._few_shot(scoring)
        if scoring.is_choice:
            shown = self._rendered(values)
            self.lists_choices = not all(choice.strip() in shown for choice in self._choices(values))

    def _sample(self, row: Row, values: Mapping[str, Any], scoring: Scoring) -> DraftSample:
        text = self._rendered(values)
        choices = self._choices(values) if scoring.is_choice or self.choices is not None else []
        target = self._target(values, choices)
        if scoring.is_choice:
            target = self._letter(target, choices)
        else:
            target = scoring.target(target) if isinstance(target, str) else [scoring.target(t) for t in target]
        return DraftSample(
            id=str(row.number),
            line=row.line,
            input=text,
            target=target,
            choices=_shown(choices) if scoring.is_choice else [],
            metadata=stored(values, self.used),
        )

    def _rendered(self, values: Mapping[str, Any]) -> str:
        return _text(values[self.text]) if self.is_column else render(self.text, values)

    def _choices(self, values: Mapping[str, Any]) -> list[str]:
        written = self.choices
        if isinstance(written, list):
            choices = [render(str(item), values) for item in written]
        elif isinstance(written, dict):
            choices = [render(str(item), values) for item in written.values()]
        elif written in values:
            choices = _list(values[written])
        elif isinstance(written, str):
            choices = _list(render(written, values))
        else:
            raise ValueError("it has no doc_to_choice")
        if not 2 <= len(choices) <= MAX_CHOICES:
            raise ValueError(f"has {len(choices)} choices; from 2 to {MAX_CHOICES} are possible")
        return choices

    def _target(self, values: Mapping[str, Any], choices: list[str]) -> str | list[str]:
        written = self.target
        if isinstance(written, str):
            value = values[written] if written in values else render(written, values)
        elif isinstance(written, list):
            value = [render(str(item), values) for item in written]
        else:
            value = written
        if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
            value = _parsed(value)  # the harness reads such a text as a list of accepted answers
        if value is None or value in ("", []):
            raise ValueError("it has no target")
        if isinstance(value, list):
            return [_text(item) for item in value]
        if choices and (index := _index(value, choices)) is not None:
            return choices[index]
        return _text(value)

    def _letter(self, target: str | list[str], choices: list[str]) -> list[str] | str:
        wanted = [target] if isinstance(target, str) else target
        stripped = [choice.strip() for choice in choices]
        letters = [chr(ord("A") + stripped.index(text.strip())) for text in wanted if text.strip() in stripped]
        if not letters:
            raise ValueError(f"its target {wanted[0]!r} is none of the choices")
        return letters[0] if len(letters) == 1 else letters

    def _few_shot(self, scoring: Scoring) -> str:
        """Return the examples that precede each prompt."""
        at = self.config.get("num_fewshot")
        number = int(number_of(at.value) or 0) if at is not None else 0
        if number <= 0:
            return ""
        examples = self._examples(min(number, MAX_FEW_SHOT))
        if len(examples) < number:
            found = f"only {len(examples)} of them are" if examples else "they are not"
            self.config.left_out("num_fewshot", f"{number} few-shot examples: {found} local; see --data")
        try:
            return "".join(self._example(values, scoring) + self.separator for values in examples)
        except ValueError as error:
            raise ValueError(f"a few-shot example: {error}") from error

    def _examples(self, number: int) -> list[dict[str, Any]]:
        written = self.config.get("fewshot_config")
        inline = written.get("samples") if written is not None else None
        if inline is not None and isinstance(inline.value, list):
            return [plain(item) for item in inline.value[:number] if isinstance(item, dict)]
        rows = few_shot_rows(self.config, number) or []
        if rows:
            self.config.work.note("the first rows of the few-shot split are the examples; the harness draws them")
        return [plain(row.values) for row in rows]

    def _example(self, values: Mapping[str, Any], scoring: Scoring) -> str:
        choices = self._choices(values) if scoring.is_choice or self.choices is not None else []
        target = self._target(values, choices)
        text = _text(values[self.text]) if self.text in values else render(self.text, values)
        answer = target if isinstance(target, str) else target[0]
        prefix = f"{self.prefix} " if self.prefix else ""
        return f"{text}{self.target_delimiter}{prefix}{answer}"


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        raise ValueError("its text is a list or a mapping, or missing")
    return str(value)


def _parsed(text: str) -> Any:
    try:
        return _list(text)
    except ValueError:
        return text


def _shown(choices: list[str]) -> list[str]:
    """The texts of the choices; none if they are only letters, whose texts are in the prompt."""
    texts = [choice.strip() for choice in choices]
    letters = [text.strip("()") for text in texts]
    return [] if letters == [chr(ord("A") + index) for index in range(len(texts))] else texts


def _index(value: Any, choices: list[str]) -> int | None:
    """The choice that a number means; None if it means none, or the value is a choice itself."""
    if isinstance(value, str) and (value in choices or not value.strip().isdecimal()):
        return None
    try:
        index = int(value)
    except (TypeError, ValueError):
        return None
    return index if 0 <= index < len(choices) else None


def _list(value: Any) -> list[str]:
    """A list of texts, or the text of one as Python or JSON writes it."""
    if isinstance(value, str) and len(value) <= MAX_LITERAL:
        try:
            value = ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise ValueError("doc_to_choice is not a list") from None
    if not isinstance(value, list | tuple):
        raise ValueError("doc_to_choice is not a list")
    return [_text(item) for item in value]


def prompts_of(config: Config) -> Prompts:
    """Return the task's templates. Raises TaskError for Python code and templates that are none."""
    text = config.text("doc_to_text")
    if text is None:
        raise config.work.source.error("has no doc_to_text, neither itself nor in what it includes")
    used = _checked(config, "doc_to_text", text)
    if "target" in used and "target" not in (config.text("doc_to_target") or ""):
        config.work.note("doc_to_text uses the column `target`, which the converted prompt names `target_value`")
    target = _written(config, "doc_to_target")
    choices = _written(config, "doc_to_choice")
    if target is None:
        raise config.work.source.error("has no doc_to_target, neither itself nor in what it includes")
    return Prompts(
        config=config,
        text=text,
        target=target,
        choices=choices,
        description=config.text("description") or "",
        separator=_or(config.text("fewshot_delimiter"), "\n\n"),
        target_delimiter=_or(config.text("target_delimiter"), " "),
        prefix=config.text("gen_prefix") or "",
    )


def _or(text: str | None, default: str) -> str:
    return default if text is None else text


def _checked(config: Config, key: str, template: str) -> set[str]:
    try:
        return variables(template)
    except ValueError as error:
        raise config.error(key, f"{key} {error}") from error


def _written(config: Config, key: str) -> Any:
    """The value of `doc_to_target` or `doc_to_choice`, its templates checked. Raises TaskError for Python code."""
    at = config.get(key)
    if at is None:
        return None
    if isinstance(at.value, list | dict):
        _check_parts(config, key, at)
        return plain(at.value)
    text = text_of(at.value)
    if text is None:
        return config.text(key)  # raises
    number = number_of(at.value)
    if number is not None and not isinstance(at.value, str):
        return int(number)
    _checked(config, key, text)
    return text


def _check_parts(config: Config, key: str, at: At) -> None:
    parts = at.value.values() if isinstance(at.value, dict) else at.value
    for part in parts:
        text = text_of(part)
        if text is None:
            raise config.error(key, f"{key} has parts that are not text")
        _checked(config, key, text)
