"""`hiddenlayer completion bash|zsh|fish`: the completion script of a shell, from the command's own arguments."""

from __future__ import annotations

import argparse

from ..errors import UsageError
from ..option_table import OPTIONS
from ..registry import providers, scorers, strategies

HELP = "print a completion script for bash, zsh or fish"
EPILOG = """examples:
  hiddenlayer completion bash > ~/.local/share/bash-completion/completions/hiddenlayer
  hiddenlayer completion zsh > ~/.zfunc/_hiddenlayer       with `fpath+=~/.zfunc` before compinit in ~/.zshrc
  hiddenlayer completion fish > ~/.config/fish/completions/hiddenlayer.fish

Or only for the current shell: eval "$(hiddenlayer completion bash)". Write the script again after an update.
"""
SHELLS = ("bash", "zsh", "fish")
_REGISTERED = {"provider": providers, "judge": providers, "strategy": strategies, "scorer": scorers}
_FILES = ("FILE", "PATH")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The shell."""
    parser.add_argument("shell", choices=SHELLS, help="shell that reads the script")


def run(arguments: argparse.Namespace) -> int:
    """Print the script. Raises UsageError without shtab."""
    try:
        import shtab
    except ImportError as error:
        raise UsageError(
            f"completion {arguments.shell}: found no package shtab; install it: pip install shtab"
        ) from error
    _add_values(arguments.whole)
    print(shtab.complete(arguments.whole, shell=arguments.shell))
    return 0


def _add_values(parser: argparse.ArgumentParser) -> None:
    """Name the values of every argument: registered names, choices, files. The parser cannot parse after it."""
    import shtab

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in dict.fromkeys(action.choices.values()):
                _add_values(command)
        elif action.choices is None and action.nargs != 0:
            if values := _values(action):
                action.choices = values
            elif action.metavar in _FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.metavar in ("DIR", "FOLDER"):
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]


def _values(action: argparse.Action) -> list[str]:
    """What can be written for an argument, if that is a short list."""
    if action.metavar == "RUN":
        return ["last"]
    for option in OPTIONS:
        if action.dest == option.dest and option.choices:
            return list(option.choices)
    registry = _REGISTERED.get(action.dest.removeprefix("hl_"))
    return registry.names() if registry else []
