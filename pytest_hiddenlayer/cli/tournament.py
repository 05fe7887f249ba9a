"""`hiddenlayer tournament RUN ...`: rank strategies and models by games between them."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from ..option_table import OPTIONS
from ..terminal_escape import json_text
from .argument_types import add_run_options, at_least, current_project, named_run, written_values
from .live_line import LiveLine

HELP = "rank the strategies and models of one or several runs by games between them"
EPILOG = """examples:
  hiddenlayer tournament last                       games decided by the scores of the last run
  hiddenlayer tournament last --judge mlx --pairs active --max-games 200
  hiddenlayer tournament last --labels reports/labels.jsonl --elo --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runs, and how games are decided and shown."""
    parser.add_argument("runs", metavar="RUN", nargs="+", help="run id, folder, or `last`")
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; repeatable")
    parser.add_argument(
        "--games",
        choices=("scores", "judge", "labels"),
        help="what decides a game: the headline scores (default), a judge (default with --judge), "
        "or people's labels (default with --labels)",
    )
    parser.add_argument("--judge", metavar="PROVIDER[:MODEL]", help="the judge; it is asked in both orders")
    parser.add_argument("--labels", metavar="FILE", type=Path, help="labels written by `hiddenlayer label`")
    parser.add_argument(
        "--pairs",
        choices=("all", "active"),
        default="all",
        help="all: every pair of players; active: the most informative pairs first",
    )
    parser.add_argument("--max-games", type=at_least(1), metavar="N", help="judge at most N games")
    parser.add_argument("--elo", action="store_true", help="also print Elo ratings, over random orders of the games")
    parser.add_argument("--picture", metavar="FILE", type=Path, help="write the win-rate matrix as .png or .svg")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--seed",
        type=at_least(0),
        default=0,
        metavar="N",
        help="seed of the resamples, the orders and the judge's calls (default: 0)",
    )
    add_run_options(parser, [option for option in OPTIONS if option.calls])


def run(arguments: argparse.Namespace) -> int:
    """Hold the tournament and print the leaderboard."""
    from ..analysis.tournament.text import standings_text
    from ..analysis.tournament.tournament import TournamentOptions, run_tournament
    from ..analysis.tournament.win_matrix import check_picture, draw_win_matrix
    from ..api import judge_options
    from ..model_names import parse_model
    from ..options import RunOptions

    judge = parse_model(arguments.judge, "--judge") if arguments.judge else None
    options = TournamentOptions(
        source=arguments.games or ("judge" if arguments.judge else "labels" if arguments.labels else "scores"),
        tasks=tuple(arguments.task),
        judge=judge,
        labels=arguments.labels,
        pairs=arguments.pairs,
        max_games=arguments.max_games,
        elo=arguments.elo,
        seed=arguments.seed,
        calls=RunOptions() if judge is None else judge_options(current_project(), judge, written_values(arguments)),
    )
    if arguments.picture is not None:
        check_picture(arguments.picture)  # before a judge is paid
    folders = [named_run(name) for name in arguments.runs]
    progress = _Progress()
    with LiveLine(progress.line):
        tournament = run_tournament(folders, options, on_game=progress)
    if arguments.json:
        print(json_text(tournament.to_json()))
    else:
        width = shutil.get_terminal_size().columns
        print(standings_text(tournament, width=width, colour=sys.stdout.isatty()), end="")
    if arguments.picture is not None:
        draw_win_matrix(tournament, arguments.picture)
        print(f"picture: {arguments.picture}", file=sys.stderr)
    return 0


class _Progress:
    """How many games were decided."""

    text = ""

    def __call__(self, done: int, total: int) -> None:
        self.text = f"{done}/{total} games"

    def line(self, width: int) -> str:
        """The text of the live line."""
        return self.text[:width]
