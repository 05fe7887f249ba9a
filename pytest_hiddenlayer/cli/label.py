"""`hiddenlayer label RUN [RUN2]`: blind questions to people, in the terminal or on a local page."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .terminal_input import rater_name, read_line, relative_to_cwd, utc_now

if TYPE_CHECKING:
    from ..analysis.annotation.questions import Question
    from ..analysis.annotation.session import LabelingSession

HELP = "ask people which of two answers is better, or how good one is, without telling whose they are"
MAX_STEPS = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Whose answers, which questions, who answers, and where."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument("second", metavar="RUN2", nargs="?", help="a second run: one answer of each")
    parser.add_argument("--kind", choices=("pairwise", "rating"), default="pairwise", help="default: pairwise")
    parser.add_argument("--scale", type=_scale, metavar="LOW-HIGH", help="whole numbers to rate with (1-5)")
    parser.add_argument(
        "--players", nargs="+", default=[], metavar="PLAYER", help="STRATEGY@PROVIDER:MODEL, two of it"
    )
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; repeatable")
    parser.add_argument("--n", type=_count, metavar="N", help="how many questions; the same ones for every rater")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the order of questions and answers (0)")
    parser.add_argument("--rater", metavar="NAME", help="who you are (default: your login name)")
    parser.add_argument("--page", action="store_true", help="ask on a page of this computer, in a browser")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where labels are kept (reports/labels.jsonl)")


def run(arguments: argparse.Namespace) -> int:
    """Ask; 0 whenever the person is done."""
    from ..analysis.annotation.labels import LABELS
    from ..analysis.annotation.session import LabelingSession

    questions = _questions(arguments)
    path = arguments.out or Path.cwd() / LABELS
    sitting = LabelingSession.begin(path, rater_name(arguments.rater, "--rater"), questions, utc_now)
    before = f", {sitting.before} answered before" if sitting.before else ""
    print(f"{sitting.total} questions to {sitting.rater}{before}")
    try:
        if sitting.current is not None:
            (_serve if arguments.page else _ask)(sitting)
    finally:  # also when interrupted: everything said is on disk already
        print(
            f"{len(sitting.answers)} answered now, {sitting.total - sitting.answered} left: {relative_to_cwd(path)}"
        )
    return 0


def _questions(arguments: argparse.Namespace) -> list[Question]:
    from ..analysis.annotation.questions import pair_questions, pairs, rating_questions, read_sides
    from ..results.log.run_log import find_run

    folders = [find_run(Path.cwd(), name) for name in (arguments.name, arguments.second) if name is not None]
    _check(arguments, folders)
    rater = rater_name(arguments.rater, "--rater")
    sides = [read_sides(folder, arguments.task) for folder in folders]
    if arguments.kind == "rating":
        every = [side for run in sides for side in run]
        made = rating_questions(every, arguments.scale or (1, 5), arguments.players, seed=arguments.seed)
    else:
        found = pairs(sides[0], sides[1] if len(sides) > 1 else None, arguments.players)
        for count, what in (
            (found.equal, "pairs of equal answers are not asked"),
            (found.changed, "pairs with another prompt or target in the other run are not asked"),
            (found.alone, "samples have a whole answer of one player only"),
        ):
            if count:
                print(f"{count} {what}")
        made = pair_questions(found, rater=rater, seed=arguments.seed)
    return made[: arguments.n]


def _check(arguments: argparse.Namespace, folders: list[Path]) -> None:
    if arguments.kind == "pairwise" and len(arguments.players) not in (0, 2):
        raise UsageError(f"--players {' '.join(arguments.players)}: two players are compared; name two")
    if arguments.scale is not None and arguments.kind != "rating":
        raise UsageError("--scale is for ratings: add --kind rating")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UsageError(f"{arguments.name} and {arguments.second} are the same run; name it once")


def _ask(sitting: LabelingSession) -> None:
    """Question by question, until all are answered, skipped or the person quits."""
    from ..analysis.annotation.question_card import question_card, what_is_asked

    print(_keys(sitting))
    while (question := sitting.current) is not None:
        print()
        for line in question_card(question, f"[{sitting.before + sitting.at + 1}/{sitting.total}]"):
            print(line)
        if sitting.at in sitting.answers:
            print(f"you said {sitting.answers[sitting.at]}")
        if not _answered(sitting, what_is_asked(question)):
            return


def _keys(sitting: LabelingSession) -> str:
    choices = sitting.choices()
    said = "1 or 2 for the better one, t for a tie" if "tie" in choices else f"{choices[0]} to {choices[-1]}"
    return f"{said}; s skips, b goes back, q quits; a note may follow: `{choices[0]} more to the point`"


def _answered(sitting: LabelingSession, asked: str) -> bool:
    """Take one answer; False to quit."""
    while True:
        said = read_line(f"{asked} ")
        if said is None or said == "q":
            return False
        choice, _, note = said.partition(" ")
        choice = "tie" if choice in ("t", "tie") else choice
        if said in ("s", "b"):
            (sitting.skip if said == "s" else sitting.back)()
            return True
        if choice in sitting.choices():
            sitting.answer(choice, note)
            return True
        print(_keys(sitting))


def _serve(sitting: LabelingSession) -> None:
    """The page, until Done or Ctrl-C."""
    from ..analysis.annotation.label_server import LabelServer

    with LabelServer(sitting) as server:
        print(f"open {server.address}\nend with the button Done, or with Ctrl-C", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def _scale(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(-?\d{1,6})-(-?\d{1,6})", text)
    low, high = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 0 < high - low <= MAX_STEPS:
        raise argparse.ArgumentTypeError(f"{text!r}: write two whole numbers such as 1-5, at most {MAX_STEPS} apart")
    return low, high


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: a whole number of at least 1 is needed")
    return int(text)
