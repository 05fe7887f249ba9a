"""Finds the prompt files of strategies: `SET/STRATEGY/NAME.txt`, each a Jinja2 template.

The first line is a comment that says what the prompt asks for and which variables it has. The set
`general` is worded for chat models and has every prompt. A set named after a model has those that
the model was trained on. A folder of the user's, `FOLDER/STRATEGY/NAME.txt`, takes precedence over both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..errors import UsageError, did_you_mean
from ..io.regular_files import read_text

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
    prompt_set: str = ""  # empty: the user's own


def find_prompt(name: str, prompt_set: str = "", folders: Sequence[Path] = ()) -> PromptFile:
    """Returns the prompt of this name: of the first of `folders` that has it, else of `prompt_set`, else general.

    Raises UsageError if none of them has it, or if its file cannot be read.
    """
    for folder in folders:
        if (own := folder / f"{name}.txt").is_file():
            return read_prompt(name, own)  # never cached: it may be edited between two runs in a notebook
    if name not in (known := prompt_names()):
        known = (*known, *(own for folder in folders for own in names_below(folder)))
        hint = did_you_mean(name, known).removesuffix("?")
        raise UsageError(
            f"no prompt {name!r}{hint}; `hiddenlayer prompts` lists them; "
            "those of your own need @strategy(NAME, prompts=FOLDER)"
        )
    return _built_in(name, prompt_set or GENERAL)


def names_below(folder: Path) -> tuple[str, ...]:
    """Returns STRATEGY/NAME of each prompt file below a folder, sorted."""
    return tuple(sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.glob("*/*.txt")))


@cache
def prompt_names(prompt_set: str = GENERAL) -> tuple[str, ...]:
    """Returns the names of all prompts of a set, sorted."""
    return names_below(FOLDER / prompt_set)


@cache
def prompt_sets() -> tuple[str, ...]:
    """Returns the names of all sets, the general one first."""
    names = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    return (GENERAL, *sorted(names - {GENERAL}))


@cache
def _built_in(name: str, prompt_set: str) -> PromptFile:
    place = prompt_set if name in prompt_names(prompt_set) else GENERAL
    return read_prompt(name, FOLDER / place / f"{name}.txt", place)


def read_prompt(name: str, path: Path, prompt_set: str = "") -> PromptFile:
    """Returns the prompt in a file. Raises UsageError if it cannot be read."""
    try:
        written = read_text(path)
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
        prompt_set=prompt_set,
    )
