"""Registry files of openai/evals: each entry with a `class` and its arguments becomes a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ...errors import TaskError
from ..draft import At, Draft, Work
from ..files import is_true, number_of, text_of
from .data import samples_file
from .model_graded import draft_model_graded
from .samples import MATCH, read_few_shot, read_samples

_KNOWN = {
    "max_tokens",
    "samples_jsonl",
    "num_few_shot",
    "few_shot_jsonl",
    "ignore_case",
}


def convert(work: Work) -> Iterator[Draft]:
    """Yield a task per entry with a class; the others, which only describe them, give the description."""
    document = work.files.document(work.source)
    entries = At(document, document.data)
    found = False
    for name in entries.value if isinstance(entries.value, dict) else ():
        if isinstance(entries.value[name], dict) and "class" in entries.value[name]:
            found = True
            try:
                yield _draft(name, entries[name], entries, work)
            except TaskError as error:
                _say(error, name, entries[name], work)
    if not found:
        raise work.source.error("has no entry with a `class`")


def _say(error: TaskError, name: str, entry: At, work: Work) -> None:
    if error.file == work.source.display_path:
        work.refuse(f"{name}: {error.message}", error.line or entry.line)
    else:
        work.refuse(f"{name}: {error}", entry.line)


def _draft(name: str, entry: At, entries: At, work: Work) -> Draft:
    written = text_of(entry.value["class"]) or ""
    kind = written.strip().rpartition(":")[2]
    convert_class = _CLASSES.get(written.strip().rpartition(".")[2])
    if convert_class is None:
        reason = _REASONS.get(kind, "has no scorer here; only its own Python code can score it")
        raise work.source.error(f"the class {kind} {reason}", line=entry["class"].line)
    args = entry.get("args")
    if args is not None and not isinstance(args.value, dict):
        raise work.source.error("args is not a mapping", line=args.line)
    draft = convert_class(args if args is not None else entry, work)
    draft.name = _name(name)
    draft.fields["description"] = _description(name, entries)
    if kind in ("Match", "FuzzyMatch", "MatchWithSolvers"):
        draft.fields["generate"] = {"temperature": 0}
    return draft


def _name(name: str) -> str:
    """The eval's name, without the split and version where they are the usual ones."""
    base, _, version = name.partition(".")
    return base if version.lower() in ("dev.v0", "test.v0", "test.v1", "dev.v1", "s1.simple-v0", "val.v0") else name


def _description(name: str, entries: At) -> str | None:
    base = entries.value.get(name.partition(".")[0])
    return text_of(base.get("description")) if isinstance(base, dict) else None


def _few_shot(args: At, work: Work) -> list[dict[str, str]]:
    number = number_of(args.value.get("num_few_shot"))
    if not number or number < 0:
        return []
    return read_few_shot(samples_file(args, work, "few_shot_jsonl"), int(number), work)


def _say_arguments(args: At, work: Work) -> None:
    for key in args.value:
        if key not in _KNOWN:
            work.left_out(f"the argument {key}", args[key].line)


def _with_samples(scorer: Any, args: At, work: Work) -> Draft:
    _say_arguments(args, work)
    samples = list(read_samples(samples_file(args, work), work, _few_shot(args, work)))
    return Draft(name="eval", scorers=[scorer], samples=samples)


def _match(args: At, work: Work) -> Draft:
    return _with_samples(MATCH, args, work)


def _includes(args: At, work: Work) -> Draft:
    ignore_case = is_true(args.value.get("ignore_case"))
    return _with_samples({"keyword": {"match": "text", "ignore_case": ignore_case}}, args, work)


def _fuzzy_match(args: At, work: Work) -> Draft:
    draft = _with_samples({"keyword": {"match": "text", "ignore_case": True}}, args, work)
    work.left_out("FuzzyMatch also accepts an answer that is only a part of the ideal, and its F1 score", args.line)
    return draft


def _multiple_choice(args: At, work: Work) -> Draft:
    dataset = args.get("dataset")
    line = dataset.line if dataset is not None else args.line
    shown = text_of(dataset.value) if dataset is not None else None
    raise work.source.error(f"MultipleChoice reads the hub dataset {shown!r}, which is not local", line=line)


_CLASSES: dict[str, Callable[[At, Work], Draft]] = {
    "match:Match": _match,
    "includes:Includes": _includes,
    "fuzzy_match:FuzzyMatch": _fuzzy_match,
    "multiple_choice:MultipleChoice": _multiple_choice,
    "classify:ModelBasedClassify": draft_model_graded,
}
_REASONS = {
    "MMMU": "reads images from a hub",
    "Translate": "is scored by BLEU, which has no scorer here",
    "JsonMatch": "compares values of JSON, which has no scorer here",
    "Lambada": "reads a hub dataset",
    "TestMatch": "has its samples in Python code",
}
