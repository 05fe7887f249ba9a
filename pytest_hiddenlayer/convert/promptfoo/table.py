"""Promptfoo tests in a CSV file by themselves: without a configuration, the prompt is the only variable."""

from __future__ import annotations

from collections.abc import Iterator

from ..draft import Draft, Work
from .groups import drafts_of
from .prompts import Prompt
from .tests import Test, as_test

_NAMES = ("prompt", "input", "question", "query")


def convert(work: Work) -> Iterator[Draft]:
    """Yield the tests with the only variable as the prompt. Raises TaskError if there are several."""
    if work.source.path.suffix.lower() not in (".csv", ".tsv"):
        raise work.source.error("is not a .csv or .tsv file")
    tests = []
    names: list[str] = []
    for row in work.files.rows(work.source):
        at = as_test(row, work.source)
        names = list(at.value["vars"])
        for key in at.value.get("options", {}):
            work.left_out(f"the column __{key}", row.line)
        written = at.get("assert")
        tests.append(
            Test(
                line=row.line,
                source=work.source,
                variables=at.value["vars"],
                assertions=written.items() if written is not None else [],
                metadata=at.value["metadata"],
            )
        )
    known = [name for name in names if name.lower() in _NAMES]
    if len(names) != 1 and len(known) != 1:
        raise work.source.error(
            f"has several variables ({', '.join(names) or 'none'}) and no prompt; convert the promptfooconfig.yaml "
            "that names this file"
        )
    work.note("no configuration names a prompt: the column of the question is the prompt")
    prompt = Prompt(None, f"{{{{ {(known or names)[0]} }}}}")
    yield from drafts_of(work.source.path.stem, prompt, tests, work)
