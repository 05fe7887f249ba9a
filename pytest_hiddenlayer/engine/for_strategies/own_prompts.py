"""The user's own prompt files: which a cell has, and what is wrong with them, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import UsageError, did_you_mean
from ...identifiers import digest
from ...io.links import is_inside
from ...io.regular_files import read_text
from ...registry import strategies
from ...strategies.prompt_files import PromptFile, find_prompt, names_below, prompt_names, prompt_sets, read_prompt
from ...taskfile.prompt import check_template, template_variables

SUFFIX = ".txt"
HASH_LENGTH = 12


def own_prompts(strategy: str, folder: Path | None) -> dict[str, str]:
    """Return name → hash of the prompt files of `folder` and of a user's strategy, which may change its answers.

    Any strategy may use the prompts of another one, except `single`, which uses none.
    """
    folders = [] if folder is None or strategy == "single" else [folder]
    own = strategies.prompts.get(strategy)
    names = [(name, place) for place in (own, *folders) if place is not None for name in names_below(place)]
    return {name: prompt_hash(read_prompt(name, place / f"{name}{SUFFIX}")) for name, place in names}


def prompt_hash(prompt: PromptFile) -> str:
    """Return the first hex digits of the hash of a prompt's text."""
    return digest(prompt.text, HASH_LENGTH)


def check_prompts(folder: Path | None) -> None:
    """Raise UsageError for a folder of prompts that does not exist, and for its first file that no strategy reads.

    A name that no strategy has, a template that cannot be compiled and a variable that the prompt does not
    have are such faults. Other files at the top of the folder are ignored.
    """
    if folder is None:
        return
    if not folder.is_dir():
        raise UsageError(
            f"--hl-prompts {str(folder)!r}: there is no such folder; `hiddenlayer prompts copy` makes one"
        )
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _is_hidden(path, folder)]
    prompts = [path for path in files if path.parent != folder or path.suffix == SUFFIX]
    if not prompts:
        raise UsageError(
            f"--hl-prompts {str(folder)!r}: it has no file STRATEGY/NAME.txt; remove the option or add one"
        )
    known = {*prompt_names(), *(name for place in strategies.prompts.values() for name in names_below(place))}
    for path in prompts:
        _check_file(path, path.relative_to(folder), sorted(known))


def check_strategy_prompts() -> None:
    """Raise UsageError for the first prompt of a user's strategy whose template cannot be compiled."""
    for folder in strategies.prompts.values():
        for name in names_below(folder):
            path = folder / f"{name}{SUFFIX}"
            _check_template(path, read_prompt(name, path))


def _check_file(path: Path, place: Path, known: Sequence[str]) -> None:
    name = place.with_suffix("").as_posix()
    if not is_inside(path, path.parents[len(place.parts) - 1]):
        raise UsageError(
            f"{path}: a symbolic link leads out of the folder of prompts, and its text would be sent to a model. "
            "Nothing was sent; copy the file instead"
        )
    if name not in known or place.suffix != SUFFIX:
        hint = did_you_mean(name, known) or "; `hiddenlayer prompts` lists the names"
        raise UsageError(f"{path}: no strategy has a prompt of this name{hint} (the form is STRATEGY/NAME{SUFFIX})")
    written = read_prompt(name, path)
    _check_template(path, written)
    allowed = _variables(name)
    for variable in sorted(template_variables(written.text) - set(allowed)):
        hint = f"{did_you_mean(variable, allowed)} (it has: {', '.join(allowed) or 'none'})"
        raise UsageError(f"{path}: the prompt {name!r} has no variable {variable!r}{hint}")


def _check_template(path: Path, prompt: PromptFile) -> None:
    if not prompt.text.strip():
        raise UsageError(f"{path}: the prompt {prompt.name!r} has no text; write what is asked, or remove the file")
    try:
        check_template(read_text(path))  # with the first comment, so that the line is that of the file
    except ValueError as error:
        raise UsageError(f"{path}: the prompt {prompt.name!r} is wrong: {error}; correct it") from error


def _variables(name: str) -> tuple[str, ...]:
    """The variables of a prompt: those of every wording that it has."""
    folders = [place for place in strategies.prompts.values() if name in names_below(place)]
    found = find_prompt(name, folders=folders)
    return found.variables or tuple(sorted(template_variables(found.text)))


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def listed_prompts(strategy: str | None = None, folder: Path | None = None) -> Iterator[PromptFile]:
    """Yield every prompt of every set, then users' own; of one strategy only if it is named."""
    for files in prompt_sets():
        yield from (find_prompt(name, files) for name in prompt_names(files) if _is_of(name, strategy))
    for place in (*dict.fromkeys(strategies.prompts.values()), *([] if folder is None else [folder])):
        yield from (
            read_prompt(name, place / f"{name}{SUFFIX}") for name in names_below(place) if _is_of(name, strategy)
        )


def _is_of(name: str, strategy: str | None) -> bool:
    return strategy is None or name.partition("/")[0] == strategy
