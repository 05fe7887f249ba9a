"""`hiddenlayer tournament RUN ...`: which strategy with which model wins against which."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

HELP = "rank the strategies and models of one or several runs by games between them"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runs, and how games are decided and shown."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help="run id, folder, or `last`")
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; repeatable")
    parser.add_argument(
        "--games",
        choices=("scores", "judge", "labels"),
        help="who decides: the headline scores (default), a judge (default with --judge), people (with --labels)",
    )
    parser.add_argument("--judge", metavar="PROVIDER[:MODEL]", help="the judge; it is asked in both orders")
    parser.add_argument("--labels", metavar="FILE", type=Path, help="labels of `hiddenlayer label`")
    parser.add_argument("--pairs", choices=("all", "active"), default="all", help="active: what tells most first")
    parser.add_argument("--max-games", type=_at_least(1), metavar="N", help="judge at most so many games")
    parser.add_argument("--elo", action="store_true", help="also Elo's own updates, over random orders of the games")
    parser.add_argument("--picture", metavar="FILE", type=Path, help="write the win-rate matrix as .png or .svg")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--seed", type=_at_least(0), default=0, metavar="N", help="of resamples, orders and the judge (0)"
    )
    parser.add_argument(
        "--concurrency", type=_at_least(1), default=20, metavar="N", help="judge's calls at once (20)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Hold the tournament and print the standings."""
    from ..analysis.tournament.text import standings_text
    from ..analysis.tournament.tournament import TournamentOptions, hold_tournament
    from ..analysis.tournament.win_matrix import check_picture, draw_win_matrix
    from ..model_names import parse_model
    from ..results.log.run_log import find_run

    options = TournamentOptions(
        source=arguments.games or ("judge" if arguments.judge else "labels" if arguments.labels else "scores"),
        tasks=tuple(arguments.task),
        judge=parse_model(arguments.judge, "--judge") if arguments.judge else None,
        labels=arguments.labels,
        pairs=arguments.pairs,
        max_games=arguments.max_games,
        elo=arguments.elo,
        seed=arguments.seed,
        concurrency=arguments.concurrency,
    )
    if arguments.picture is not None:
        check_picture(arguments.picture)  # before a judge is paid
    folders = [find_run(Path.cwd(), name) for name in arguments.runs]
    progress = _Progress()
    try:
        found = hold_tournament(folders, options, on_game=progress)
    finally:
        progress.end()
    if arguments.json:
        print(json.dumps(found.to_json(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        width = shutil.get_terminal_size().columns
        print(standings_text(found, width=width, colour=sys.stdout.isatty()), end="")
    if arguments.picture is not None:
        draw_win_matrix(found, arguments.picture)
        print(f"picture: {arguments.picture}", file=sys.stderr)
    return 0


class _Progress:
    """One line on stderr that grows with the games; nothing where no game is played."""

    shown = False

    def __call__(self, done: int, wanted: int) -> None:
        self.shown = True
        print(f"\r{done}/{wanted} games", end="\x1b[K" if sys.stderr.isatty() else "", file=sys.stderr)

    def end(self) -> None:
        """End the line."""
        if self.shown:
            print(file=sys.stderr)


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r}: a whole number of at least {least} is needed")
        return value

    return whole_number
