"""The prompts of a promptfoo configuration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import TaskError
from ...io.json_text import decode_json
from ...taskfile.paths import Source
from ..draft import At, Work
from ..files import text_of
from ..messages import read_messages
from ..templates import variables
from .tests import MAX_TEXT

_CODE = (".js", ".ts", ".mjs", ".cjs", ".py", ".sh")
_FILES = (".txt", ".md", ".json", ".yaml", ".yml", ".j2")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A template, or chat messages whose contents are templates."""

    label: str | None
    text: str | None
    chat: tuple[dict[str, str], ...] = ()

    def variables(self) -> set[str]:
        """Return the variables that it uses. Raises ValueError if it is not a template."""
        texts = [self.text] if self.text is not None else [message["content"] for message in self.chat]
        return set().union(*(variables(text) for text in texts))


def read_prompts(top: At, work: Work) -> list[Prompt]:
    """Return the prompts; says which cannot be expressed. Raises TaskError if none can."""
    written = top.get("prompts")
    found: list[Prompt] = []
    for item, label in _entries(written):
        text = text_of(item.value)
        if text is None:
            work.left_out("a prompt that is neither a text nor a file", item.line)
            continue
        found += _checked(_prompts(text, label, item, work), item, work)
    if written is None:
        return [Prompt(None, "{{ prompt }}")]
    if not found:
        raise work.source.error("has no prompt that can be converted", line=written.line)
    return found


def _entries(written: At | None) -> Iterator[tuple[At, str | None]]:
    if written is None:
        return
    if isinstance(written.value, dict):
        for name in written.value:  # file → label
            at = At(written.document, f"file://{name}", (*written.path, name))
            yield at, text_of(written.value[name])
        return
    for item in written.items():
        if not isinstance(item.value, dict):
            yield item, None
            continue
        label = text_of(item.value.get("label")) or text_of(item.value.get("id"))
        for key in ("raw", "file", "id"):
            if (found := item.get(key)) is not None:
                name = text_of(found.value) or ""
                yield (At(found.document, f"file://{name}", found.path) if key == "file" else found), label
                break


def _prompts(text: str, label: str | None, item: At, work: Work) -> Iterator[Prompt]:
    """Yield the prompts of an entry: a text file may hold several, separated by lines of `---`."""
    name = text.removeprefix("file://")
    is_file = text.startswith("file://") or (
        name.endswith((*_FILES, *_CODE)) and "\n" not in name and " " not in name
    )
    if not is_file:
        if text.startswith("exec:"):
            work.left_out(f"the prompt of the program {text!r}: nothing is run", item.line)
        else:
            yield _prompt(text, label)
        return
    if name.partition(":")[0].endswith(_CODE):
        work.left_out(f"the prompt of the program {name!r}: nothing is run", item.line)
        return
    try:
        yield from _in_file(work.files.resolve(work.source, name, line=item.line), label, work)
    except TaskError as error:
        work.left_out(f"a prompt: {error.message}", item.line)


def _in_file(file: Source, label: str | None, work: Work) -> Iterator[Prompt]:
    if file.path.suffix.lower() in (".yaml", ".yml"):
        data = work.files.document(file).data
        yield _chat(data, label) or Prompt(label, file.text(MAX_TEXT))
        return
    text = file.text(MAX_TEXT)
    is_list = file.path.suffix.lower() != ".json"
    for part in text.replace("\r\n", "\n").split("\n---\n") if is_list else [text]:
        if part.strip():
            yield _prompt(part.strip(), label)


def _prompt(text: str, label: str | None) -> Prompt:
    if text.lstrip().startswith("["):
        try:
            return _chat(decode_json(text), label) or Prompt(label, text)
        except ValueError:
            pass
    return Prompt(label, text)


def _chat(value: Any, label: str | None) -> Prompt | None:
    try:
        return Prompt(label, None, tuple(read_messages(value)))
    except ValueError:
        return None


def _checked(prompts: Iterator[Prompt], item: At, work: Work) -> Iterator[Prompt]:
    for prompt in prompts:
        try:
            prompt.variables()
        except ValueError as error:
            work.left_out(f"a prompt: {error}", item.line)
            continue
        yield prompt
