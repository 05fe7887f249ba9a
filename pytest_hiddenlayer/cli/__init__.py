"""The `hiddenlayer` command: one module of `commands/` a subcommand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from ..errors import HiddenLayerError


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 fine, 1 a failure or a red gate, 2 interrupted, 4 a wrong option or name."""
    parsed = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = parsed.run
    try:
        return run(parsed)
    except HiddenLayerError as error:
        print(f"hiddenlayer: {error}", file=sys.stderr)
        return 4
    except KeyboardInterrupt:
        print("hiddenlayer: interrupted; what was answered is in the run log", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        """Usage errors exit with 4, as pytest's do."""
        self.print_usage(sys.stderr)
        self.exit(4, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    from . import cache, compare, diff, doctor, init, judge_audit, label, review, run, schema, show, tournament

    parser = _Parser(prog="hiddenlayer", description="Evaluate language models and multi-agent strategies.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for module in (init, schema, doctor, run, show, compare, diff, review, label, judge_audit, tournament, cache):
        name = module.__name__.rsplit(".", 1)[-1].replace("_", "-")
        sub = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser
