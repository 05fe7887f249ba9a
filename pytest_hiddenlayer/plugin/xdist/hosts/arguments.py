"""The controller's command line, as a host reads it: paths lie in the host's copy of the project."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ....errors import UsageError

ROOT = "{hl_root}"
"""In arguments that are sent: the project's root on the host."""


def sent_arguments(arguments: Sequence[str], root: Path, cwd: Path) -> list[str]:
    """The arguments with every path below `root` in a form that holds on any host, `ROOT` in place of the root.

    Raises UsageError if a path that pytest is to collect is outside of the root.
    """
    return [_sent(argument, root.resolve(), cwd) for argument in arguments]


def received_arguments(arguments: Sequence[str], root: str) -> list[str]:
    """The arguments of `sent_arguments` as a host reads them whose copy of the project is at `root`."""
    return [argument.replace(ROOT, root) for argument in arguments]


def check_collected(paths: Sequence[str], root: Path, cwd: Path) -> None:
    """Raise UsageError if one of the paths does not exist, or is outside of the project's root.

    xdist says nothing of a path that no worker finds.
    """
    for argument in paths:
        path = (cwd / argument.partition("::")[0]).resolve()
        if not path.exists():
            raise UsageError(f"file or directory not found: {argument}; name what exists from {cwd}")
        if not path.is_relative_to(root.resolve()):
            raise UsageError(
                f"{argument} is outside of the project's root {root.resolve()}, which is what hosts receive: copy it "
                "into the project, or run pytest from a folder that holds both"
            )


def _sent(argument: str, root: Path, cwd: Path) -> str:
    name, equals, value = argument.partition("=") if argument.startswith("-") else ("", "", argument)
    path, colons, rest = value.partition("::")
    if not path or not (path.startswith("/") or ".." in Path(path).parts or _only_from(cwd, path, root)):
        return argument
    resolved = (cwd / path).resolve()
    if not resolved.is_relative_to(root):
        return argument
    inside = resolved.relative_to(root).as_posix()
    return f"{name}{equals}{ROOT}/{inside}{colons}{rest}"


def _only_from(cwd: Path, path: str, root: Path) -> bool:
    """Whether a relative path holds only in `cwd`, because `cwd` is outside of the root."""
    return not cwd.resolve().is_relative_to(root) and (cwd / path).exists()
