"""Inspect datasets: rows {input, target, choices, id, metadata, sandbox, files, setup}.

Columns with other names are given as Inspect's `FieldSpec` does, by `--fields input=question,target=answer`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...io.json_text import decode_json
from ...taskfile.rows import get_path
from ...taskfile.tables.row import Row
from ..draft import Draft, DraftSample, Work
from ..files import plain, refused_row, text_of, texts_of
from ..messages import read_messages
from ..write import samples_on

FIELDS = ("input", "target", "choices", "id", "metadata")
_SETUP = ("sandbox", "files", "setup")
CHOICES = (
    "{{ input }}\n{% for choice in choices %}\n"
    "{{ 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[loop.index0] }}. {{ choice }}{% endfor %}"
    "\n\nAnswer with the letter of the correct choice."
)
"""The prompt of a multiple-choice sample, which lists the choices."""
MAX_CHOICES = 26


def convert(work: Work) -> Iterator[Draft]:
    """Yield a task with the scorer `choice` for samples with choices, and one with `keyword` for the others."""
    rows = list(work.files.rows(work.source))
    samples = [sample for row in rows if (sample := _sample(row, work))]
    lacking = [sample for sample in samples if sample.target in (None, "", [])]
    if lacking:
        work.left_out(f"{samples_on(lacking)} without a target, which no scorer can judge", lacking[0].line)
    samples = [sample for sample in samples if sample.target not in (None, "", [])]
    if not samples:
        raise work.source.error("has no sample with an input and a target; name the columns: --fields input=NAME")
    with_choices = [sample for sample in samples if sample.choices]
    without = [sample for sample in samples if not sample.choices]
    if without:
        work.note("a dataset names no scorer: an answer is correct if it contains the target, as `includes()`")
        yield Draft(name=work.source.path.stem, scorers=[{"keyword": {"match": "text"}}], samples=without)
    if with_choices:
        name = f"{work.source.path.stem}{'-choices' if without else ''}"
        yield Draft(name=name, scorers=["choice"], samples=with_choices, fields={"prompt": CHOICES})


def _sample(row: Row, work: Work) -> DraftSample | None:
    values = _values(row, work)
    if any(values.get(key) for key in _SETUP):
        work.left_out("needs a sandbox, files or a setup script, which are not converted", row.line)
        return None
    choices, target = _choices(values.get("choices")), one_or_list(values.get("target"))
    try:
        text = input_of(values.get("input"))
        check_one_right(target, choices)
    except ValueError as error:
        work.left_out(f"sample {row.number} {error}", row.line)
        return None
    if len(choices) > MAX_CHOICES:
        work.left_out(f"sample {row.number} has {len(choices)} choices; at most {MAX_CHOICES} are possible", row.line)
        return None
    if choices and not isinstance(text, str):
        text = "\n\n".join(message["content"] for message in text)
    return DraftSample(
        id=text_of(values.get("id")) or str(row.number),
        line=row.line,
        input=text,
        target=target,
        choices=choices,
        metadata=_metadata(values.get("metadata")),
    )


def _values(row: Row, work: Work) -> dict[str, Any]:
    values = dict(row.values)
    for field, column in work.columns.items():
        if field == "metadata":
            values["metadata"] = {name: _column(row, name, work) for name in column.split("+")}
        else:
            values[field] = _column(row, column, work)
    return values


def _column(row: Row, column: str, work: Work) -> Any:
    try:
        return get_path(row.values, column)
    except KeyError:
        names = ", ".join(row.values)
        raise refused_row(
            work.source, row, f"has no column {column!r}, which --fields names (it has {names})"
        ) from None


def input_of(value: Any) -> str | list[dict[str, str]]:
    """Return a sample's input. Raises ValueError with what cannot be expressed."""
    text = text_of(value)
    if text is not None:
        return text
    if value is None:
        raise ValueError("has no input")
    return read_messages(value)


def one_or_list(value: Any) -> str | list[str] | None:
    """Return a target: a text, several texts, or None."""
    texts = texts_of(value)
    if not texts:
        return None
    return texts[0] if len(texts) == 1 else texts


def check_one_right(target: str | list[str] | None, choices: list[str]) -> None:
    """Raise ValueError if a sample has several right choices: Inspect asks for all, `choice` for one."""
    if choices and isinstance(target, list):
        raise ValueError(f"has {len(target)} right choices, which must all be named; the scorer choice takes one")


def _choices(value: Any) -> list[str]:
    """Return the choices; in a CSV cell they are separated by commas, or a list in JSON."""
    text = text_of(value)
    if text is None:
        return texts_of(value) or [] if value else []
    try:
        parsed = decode_json(text)
    except ValueError:
        parsed = text.split(",")
    return [str(choice).strip() for choice in parsed] if isinstance(parsed, list) else [text]


def _metadata(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = decode_json(value)
        except ValueError:
            return {"metadata": value}
    return {str(key): plain(item) for key, item in value.items()} if isinstance(value, Mapping) else {}
