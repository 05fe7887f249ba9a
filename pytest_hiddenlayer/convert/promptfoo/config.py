"""A promptfoo configuration: a task per prompt and per kind of scoring."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...errors import TaskError
from ..draft import At, Draft, Work, slug
from ..files import text_of
from .groups import drafts_of
from .prompts import read_prompts
from .tests import read_tests

_IGNORED = {
    "prompts",
    "tests",
    "providers",
    "targets",
    "description",
    "defaultTest",
    "scenarios",
    "assertionTemplates",
}
_HARMLESS = {"$schema", "outputPath", "tags", "sharing", "writeLatestResults", "commandLineOptions", "metadata"}


def convert(work: Work) -> Iterator[Draft]:
    """Yield a task per prompt; tests with several kinds of assertions become several tasks."""
    document = work.files.document(work.source)
    top = At(document, document.data)
    if not isinstance(top.value, dict):
        raise work.source.error("is not a mapping with `prompts` and `tests`")
    _say(top, work)
    prompts = read_prompts(top, work)
    tests = list(read_tests(top, work.source, work))
    if not tests:
        raise work.source.error("has no test that can be converted")
    drafts = 0
    for number, prompt in enumerate(prompts, 1):
        name = _name(top, work) if len(prompts) == 1 else f"{_name(top, work)}-{_label(prompt.label, number)}"
        for draft in drafts_of(name, prompt, tests, work):
            draft.fields["description"] = text_of(top.value.get("description"))
            drafts += 1
            yield draft
    if not drafts:
        raise _nothing(work)


def _nothing(work: Work) -> TaskError:
    return work.source.error("has no test with an assertion that can be converted")


def _label(label: str | None, number: int) -> str:
    return slug(label, f"prompt-{number}")[:30] if label else f"prompt-{number}"


def _name(top: At, work: Work) -> str:
    path = work.source.path
    if not path.stem.lower().startswith("promptfooconfig"):
        return path.stem
    rest = path.stem[len("promptfooconfig") :].strip(".-_")
    return "-".join(filter(None, (path.absolute().parent.name, rest)))


def _say(top: At, work: Work) -> None:
    for key in top.value:
        if key in ("providers", "targets"):
            work.note("models are named on the command line: --provider NAME[:MODEL]", top[key].line)
        elif key in _HARMLESS or key in _IGNORED:
            continue
        elif key == "evaluateOptions":
            work.note("evaluateOptions: see the options of `hiddenlayer run`", top[key].line)
        elif _is_set(top.value[key]):
            work.left_out(key, top[key].line)


def _is_set(value: Any) -> bool:
    return value not in (None, {}, [])
