"""The `hiddenlayer` command: one module per subcommand.

A subcommand's module has HELP, optionally EPILOG (examples), `add_arguments(parser)` and
`run(arguments)`, which returns the exit status. `argument_types` holds what they share.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import traceback
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NoReturn

from ..errors import HiddenLayerError, did_you_mean
from ..io.writable import reason
from ..version import __version__

EPILOG = """examples:
  hiddenlayer init                     starter evals in ./evals
  hiddenlayer ask "Calculate 17+25."   one question to the bundled model
  hiddenlayer run --provider mlx       answer and score the evals
  hiddenlayer runs                     list the runs
  hiddenlayer show last                its table and its wrong answers
  hiddenlayer open                     its report in the browser
  hiddenlayer compare main last        did anything get worse?

exit status: 0 success; 1 a failure or a failed gate; 2 interrupted; 4 a wrong option, name or path; 5 no samples
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit status: 0 success, 1 failed, 2 interrupted, 4 wrong usage, 5 no samples."""
    from .output import safe_output

    with safe_output():
        try:
            return _main(arguments)
        except Exception:  # a bug: Python would print what the error quotes as it is
            traceback.print_exc()
            return 1


def _main(arguments: Sequence[str] | None) -> int:
    parser = command_parser()
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        _refuse(getattr(parsed, "parser", parser), unknown)
    run: Callable[[argparse.Namespace], int] | None = getattr(parsed, "run", None)
    if run is None:
        parser.print_help()
        return 0
    try:
        return run(parsed)
    except HiddenLayerError as error:
        print(f"hiddenlayer: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("hiddenlayer: interrupted; every answer so far is in the run log", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"hiddenlayer: {_describe(error)}", file=sys.stderr)
        return 4


def _describe(error: OSError) -> str:
    """A sentence on a file that cannot be read or written; `copytree` reports several in one error."""
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        _, path, why = error.args[0][0]
        return f"cannot write {path}: {str(why).partition(': ')[0]}; free space or choose another folder"
    place = f" {error.filename}" if error.filename else ""
    return f"cannot read or write{place}: {reason(error)}; free space or choose another folder"


def _refuse(parser: argparse.ArgumentParser, unknown: Sequence[str]) -> NoReturn:
    """Exit with 4 for arguments that a subcommand does not have; names the option that may be meant."""
    name = unknown[0].partition("=")[0]
    known = [option for action in parser._actions for option in action.option_strings]
    hint = did_you_mean(name, known) if name.startswith("-") else ""
    parser.exit(4, f"{parser.prog}: unrecognized argument {unknown[0]}{hint}; see {parser.prog} --help\n")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        """Usage errors exit with 4, as pytest's do; names the choice that may be meant."""
        if choice := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)$", message):
            message += did_you_mean(choice[1], re.findall(r"[^', ]+", choice[2]))
        self.print_usage(sys.stderr)
        self.exit(4, f"{self.prog}: {message}\n")


def command_parser() -> argparse.ArgumentParser:
    """Returns the parser of the command, with every subcommand."""
    parser = _Parser(
        prog="hiddenlayer",
        description="Evaluate language models and multi-agent strategies.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"hiddenlayer {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for module in _subcommands():
        name = module.__name__.rsplit(".", 1)[-1].replace("_", "-")
        sub = commands.add_parser(
            name,
            help=module.HELP,
            description=module.HELP,
            epilog=getattr(module, "EPILOG", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(sub)
        sub.set_defaults(run=module.run, parser=sub, whole=parser)
    return parser


def _subcommands() -> Sequence[ModuleType]:
    """The module of each subcommand, in the order of the help."""
    from . import (
        ask,
        bench,
        cache,
        cascade,
        compact,
        compare,
        completion,
        convert,
        diff,
        doctor,
        export,
        finetune,
        hosts,
        init,
        judge_audit,
        label,
        merge,
        models,
        presets,
        prices,
        probe,
        prompts,
        review,
        rounds,
        run,
        runs,
        schema,
        show,
        tournament,
        votes,
    )
    from . import open as open_page

    asking = (init, ask, run)
    reading = (runs, show, open_page, merge, compare, diff, votes, bench, rounds, cascade, probe, export, compact)
    people = (review, label, tournament, judge_audit)
    others = (prompts, presets, finetune, convert, schema, models, prices, doctor, hosts, cache, completion)
    return (*asking, *reading, *people, *others)
