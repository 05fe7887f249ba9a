"""Inspect logs, .eval (zip) and JSON: the samples, and the final outputs as recorded answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..draft import Draft, DraftSample, Work
from ..files import plain, text_of
from ..messages import content_text
from .archive import log_parts
from .dataset import CHOICES, MAX_CHOICES, check_one_right, input_of, one_or_list
from .prompts import Prompts
from .scorers import scorers_of

MAX_METADATA = 1000  # characters of a value that is kept


def convert(work: Work) -> Iterator[Draft]:
    """Yield one task: a sample per id, its epochs as several outputs."""
    header, logged = log_parts(work)
    info = header.get("eval") if isinstance(header.get("eval"), dict) else None
    if not isinstance(info, dict):
        raise work.source.error("has no `eval`; this is not an Inspect log")
    samples: dict[str, DraftSample] = {}
    prompts = Prompts()
    for number, values in enumerate(logged):
        _add(samples, number, values, work, prompts)
    if not samples:
        raise work.source.error("holds no samples; a log written with `log_samples` holds them")
    found = list(samples.values())
    has_choices = any(sample.choices for sample in found)
    draft = Draft(
        name=(text_of(info.get("task")) or work.source.path.stem).rpartition("/")[2],
        scorers=scorers_of(header, info, work, has_choices=has_choices, has_target=any(s.target for s in found)),
        samples=found,
        fields={"description": f"Inspect task, answered by {text_of(info.get('model')) or 'a model'}"},
    )
    if has_choices:
        draft.fields["prompt"] = "{% if choices %}" + CHOICES + "{% else %}{{ input }}{% endif %}"
    most = max((len(sample.outputs or ()) for sample in found), default=1)
    if most > 1:
        draft.fields["epochs"] = most
    prompts.add_to(draft, work)
    yield draft


def _add(samples: dict[str, DraftSample], number: int, values: Any, work: Work, prompts: Prompts) -> None:
    if not isinstance(values, dict):
        work.left_out(f"entry {number} is not a sample")
        return
    name = text_of(values.get("id")) or str(number)
    if name not in samples:
        try:
            sample = _sample(name, values)
        except ValueError as error:
            work.left_out(f"sample {name} {error}")
            return
        samples[name] = sample
    prompts.read(name, values)
    if values.get("error"):
        work.left_out(f"sample {name} ended with an error, so it has no recorded answer")
        return
    try:
        output = _output(values)
    except ValueError as error:
        work.left_out(f"the output of sample {name} {error}")
        return
    if output is None:
        work.left_out(f"sample {name} has no output, so it has no recorded answer")
        return
    samples[name].outputs = [*(samples[name].outputs or []), output]
    _say_turns(name, values, work)


def _sample(name: str, values: Mapping[str, Any]) -> DraftSample:
    text = input_of(values.get("input"))
    written = values.get("choices")
    choices = [str(text_of(choice)) for choice in written] if isinstance(written, list) else []
    if len(choices) > MAX_CHOICES:
        raise ValueError(f"has {len(choices)} choices; at most {MAX_CHOICES} are possible")
    if choices and not isinstance(text, str):
        text = "\n\n".join(message["content"] for message in text)
    target = one_or_list(values.get("target"))
    check_one_right(target, choices)
    metadata = _metadata(values.get("metadata"))
    return DraftSample(id=name, line=None, input=text, target=target, choices=choices, metadata=metadata)


def _metadata(value: Any) -> dict[str, Any]:
    kept = {}
    for key, item in value.items() if isinstance(value, dict) else ():
        text = text_of(item)
        if text is not None and len(text) <= MAX_METADATA:
            kept[key] = plain(item)
    return kept


def _output(values: Mapping[str, Any]) -> str | None:
    output = values.get("output")
    choices = output.get("choices") if isinstance(output, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    return content_text(message.get("content")) if isinstance(message, dict) else None


def _say_turns(name: str, values: Mapping[str, Any], work: Work) -> None:
    messages = values.get("messages")
    answers = (
        [m for m in messages if isinstance(m, dict) and m.get("role") == "assistant"]
        if isinstance(messages, list)
        else []
    )
    asked = values.get("input")
    given = sum(isinstance(m, dict) and m.get("role") == "assistant" for m in asked) if isinstance(asked, list) else 0
    if any(m.get("tool_calls") for m in answers):
        work.left_out(f"the tool calls of sample {name} and others: only final outputs are kept")
    elif len(answers) - given > 1:
        work.left_out(f"the earlier turns of sample {name}: only its final output is kept")
