"""The prompts of strategies: what there is, and copies of them to reword."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import UsageError, did_you_mean
from ...strategies.prompt_files import GENERAL, PromptFile, find_prompt, prompt_names, prompt_sets
from .own_prompts import SUFFIX, check_prompts, listed_prompts


class PromptList(tuple[PromptFile, ...]):
    """Prompts, shown as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        """One line per prompt: name, set, variables and what it asks for."""
        rows = [(p.name, p.prompt_set or "own", ", ".join(p.variables), p.description) for p in self]
        widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
        lines = ("  ".join((*(row[i].ljust(widths[i]) for i in range(3)), row[3])) for row in rows)
        return "\n".join(lines)


def prompts(strategy: str | None = None, *, folder: str | Path | None = None) -> PromptList:
    """Return the prompts of all strategies, or of one: built-in sets first, then users' own.

    `folder` has wordings that replace built-in ones, as --hl-prompts. Each prompt has `name`, `prompt_set` (empty:
    the user's own), `description`, `variables`, `text` (a Jinja2 template) and `path`. Raises UsageError for a
    strategy without prompts and for a folder with a wrong file.
    """
    place = None if folder is None else Path(folder)
    check_prompts(place)
    found = PromptList(listed_prompts(strategy, place))
    if strategy is not None and not found:
        names = sorted({prompt.name.partition("/")[0] for prompt in listed_prompts()})
        raise UsageError(
            f"no prompts of {strategy!r}{did_you_mean(strategy, names)} (with prompts: {', '.join(names)})"
        )
    return found


def named_prompt(name: str, prompt_set: str | None = None) -> PromptFile:
    """Return one built-in or own prompt, such as `debate/judge`. Raises UsageError, also for a set without it."""
    files = prompt_set or GENERAL
    if files not in prompt_sets():
        sets = ", ".join(prompt_sets())
        raise UsageError(f"--set {files!r}: there is no such set{did_you_mean(files, prompt_sets())} (sets: {sets})")
    own = next((prompt for prompt in listed_prompts() if prompt.name == name and not prompt.prompt_set), None)
    if own is not None and prompt_set is None:
        return own
    if name in prompt_names(GENERAL) and name not in prompt_names(files):
        raise UsageError(f"--set {files!r} has no prompt {name!r}: its models read the general one; leave out --set")
    return find_prompt(name, files)


def copy_prompts(strategy: str, folder: Path, prompt_set: str | None = None) -> Iterator[Path]:
    """Write the prompts of a strategy to `folder/STRATEGY/NAME.txt`, and yield each path.

    Raises UsageError, before anything is written, if one of the files exists or if there are none.
    """
    files = prompt_set or GENERAL
    found = [prompt for prompt in prompts(strategy) if prompt.prompt_set == files]
    if not found:
        raise UsageError(f"set {files!r} has no prompts of {strategy!r}; see hiddenlayer prompts list {strategy}")
    targets = [folder / f"{prompt.name}{SUFFIX}" for prompt in found]
    if taken := [path for path in targets if path.exists()]:
        raise UsageError(f"{taken[0]} exists already, and nothing is overwritten; name another folder or move it")
    for prompt, path in zip(found, targets, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(prompt.path.read_text(encoding="utf-8"))
        yield path


def other_wordings(strategy: str, copied: str | None = None) -> Iterator[str]:
    """Yield a sentence per model with a wording of its own, which a copy of the set `copied` would replace."""
    for files in prompt_sets():
        names = [name for name in prompt_names(files) if name.partition("/")[0] == strategy]
        if names and files not in (GENERAL, copied):
            yield (
                f"note: these files replace the wording of {files} too, which was trained on its own "
                f"{', '.join(names)}; for this model copy them with --set {files}"
            )
