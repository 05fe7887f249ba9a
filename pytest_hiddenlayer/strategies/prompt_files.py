"""Finds the prompt files of strategies: `SET/STRATEGY/NAME.txt`, each a Jinja2 template.

The first line is a comment that says what the prompt asks for and which variables it has. The set
`general` is worded for chat models and has every prompt. A set named after a model has those that
the model was trained on. A folder of the user's, `FOLDER/STRATEGY/NAME.txt`, takes precedence over both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import UsageError, did_you_mean

GENERAL = "general"
FOLDER = Path(__file__).parent / "prompts"
_HEADER = re.compile(r"\A\{#(?P<text>.*?)#\}\n?", re.DOTALL)
_VARIABLES = re.compile(r"Variables:\s*(?P<names>.*?)\.?\s*\Z", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptFile:
    """One prompt of a strategy."""

    name: str  # STRATEGY/NAME
    path: Path
    description: str  # what it asks for
    variables: tuple[str, ...]
    text: str  # the template, without its first comment and its last line end


def find_prompt(name: str, prompt_set: str = "", folder: Path | None = None) -> PromptFile:
    """Returns the prompt of this name: from `folder`, else from `prompt_set`, else from the general set.

    Raises UsageError if none of them has it, or if its file cannot be read.
    """
    if folder is not None and (own := folder / f"{name}.txt").is_file():
        return _read(name, own)  # never cached: it may be edited between two runs in a notebook
    return _built_in(name, prompt_set or GENERAL)


@cache
def prompt_names(prompt_set: str = GENERAL) -> tuple[str, ...]:
    """Returns the names of all prompts of a set, sorted."""
    root = FOLDER / prompt_set
    return tuple(sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.glob("*/*.txt")))


@cache
def prompt_sets() -> tuple[str, ...]:
    """Returns the names of all sets, the general one first."""
    names = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    return (GENERAL, *sorted(names - {GENERAL}))


@cache
def _built_in(name: str, prompt_set: str) -> PromptFile:
    for place in (prompt_set, GENERAL):
        path = FOLDER / place / f"{name}.txt"
        if path.is_file():
            return _read(name, path)
    known = prompt_names()
    raise UsageError(f"no prompt {name!r}{did_you_mean(name, known)}; `hiddenlayer prompts` lists them")


def _read(name: str, path: Path) -> PromptFile:
    try:
        written = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the prompt {name!r} cannot be read ({error}); write it as UTF-8 text") from error
    header = _HEADER.match(written)
    comment = " ".join(header["text"].split()) if header else ""
    variables = _VARIABLES.search(comment)
    return PromptFile(
        name=name,
        path=path,
        description=comment[: variables.start()].strip() if variables else comment,
        variables=tuple(re.findall(r"[a-z_]\w*(?=\s*(?:\(|,|$))", variables["names"])) if variables else (),
        text=(written[header.end() :] if header else written).removesuffix("\n"),
    )
