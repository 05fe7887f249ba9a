"""`hiddenlayer label RUN [RUN2]`: blind questions to people, in the terminal or on a local page."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..io.links import check_inside
from .argument_types import current_project, named_run
from .terminal_input import rater_name, read_line, relative_to_cwd, utc_now

if TYPE_CHECKING:
    from ..analysis.annotation.questions import Question
    from ..analysis.annotation.session import LabelingSession
    from ..analysis.answers import PlayerAnswer

HELP = "ask people which of two answers is better, or how good one is, without naming the players"
EPILOG = """examples:
  hiddenlayer label last                            which of two answers is better?
  hiddenlayer label last --kind rating --scale 1-7  how good is one answer?
  hiddenlayer label last --page --rater ada         on a local page in the browser
"""
MAX_STEPS = 100
"""Steps of a rating scale."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add whose answers to ask about, which questions, who answers, and where."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument("second", metavar="RUN2", nargs="?", help="a second run: pair one answer of each")
    parser.add_argument(
        "--kind",
        choices=("pairwise", "rating"),
        default="pairwise",
        help="compare two answers (pairwise, the default), or rate one",
    )
    parser.add_argument("--scale", type=_scale, metavar="LOW-HIGH", help="whole numbers to rate with (default: 1-5)")
    parser.add_argument(
        "--players",
        nargs="+",
        default=[],
        metavar="PLAYER",
        help="only answers of these players, each STRATEGY@PROVIDER:MODEL; two for pairwise",
    )
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; repeatable")
    parser.add_argument(
        "--n", type=_count, metavar="N", help="number of questions, the same ones for every rater (default: all)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of the order of questions and answers (default: 0)"
    )
    parser.add_argument("--rater", metavar="NAME", help="your name (default: your login name)")
    parser.add_argument("--page", action="store_true", help="ask on a local page in a browser")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file of the labels (default: reports/labels.jsonl)")


def run(arguments: argparse.Namespace) -> int:
    """Ask; returns 0 once the person is done."""
    from ..analysis.annotation.session import LabelingSession

    questions = _questions(arguments)
    path = arguments.out or _default_file()
    session = LabelingSession.begin(path, rater_name(arguments.rater, "--rater"), questions, utc_now)
    previously = f", {session.previously_answered} answered before" if session.previously_answered else ""
    print(f"{session.total} questions to {session.rater}{previously}")
    try:
        if session.current is not None:
            (_serve if arguments.page else _ask)(session)
    finally:  # also after Ctrl-C: every answer is on disk already
        print(f"{len(session.answers)} answered now, {session.unanswered} left: {relative_to_cwd(path)}")
    return 0


def _default_file() -> Path:
    """`labels.jsonl` in the folder of reports. Raises UsageError if a link leads out of the project."""
    project = current_project()
    path = project.reports / "labels.jsonl"
    check_inside(path, project.root, instead=", or name a file with --out FILE")
    return path


def _questions(arguments: argparse.Namespace) -> list[Question]:
    from ..analysis.annotation.questions import rating_questions
    from ..analysis.answers import read_answers

    folders = [named_run(name) for name in (arguments.name, arguments.second) if name is not None]
    _check(arguments, folders)
    runs = [read_answers(folder, arguments.task) for folder in folders]
    if arguments.kind == "rating":
        answers = [answer for run in runs for answer in run]
        questions = rating_questions(answers, arguments.scale or (1, 5), arguments.players, seed=arguments.seed)
    else:
        questions = _pair_questions(arguments, runs)
    return questions[: arguments.n]


def _pair_questions(arguments: argparse.Namespace, runs: list[list[PlayerAnswer]]) -> list[Question]:
    """The pairwise questions; prints how many answers were left out."""
    from ..analysis.annotation.answer_pairs import pair_answers
    from ..analysis.annotation.questions import pair_questions

    rater = rater_name(arguments.rater, "--rater")
    matched = pair_answers(runs[0], runs[1] if len(runs) > 1 else None, arguments.players)
    for count, what in (
        (matched.equal, "pairs of equal answers are left out"),
        (matched.changed, "pairs with another prompt or target in the other run are left out"),
        (matched.unpaired, "samples have a complete answer of one player only"),
    ):
        if count:
            print(f"{count} {what}")
    return pair_questions(matched, rater=rater, seed=arguments.seed)


def _check(arguments: argparse.Namespace, folders: list[Path]) -> None:
    if arguments.kind == "pairwise" and len(arguments.players) not in (0, 2):
        raise UsageError(f"--players {' '.join(arguments.players)}: pairwise labels compare two players; name two")
    if arguments.scale is not None and arguments.kind != "rating":
        raise UsageError("--scale is for ratings: add --kind rating")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UsageError(f"{arguments.name} and {arguments.second} are the same run; name it once")


def _ask(session: LabelingSession) -> None:
    """Ask question by question until all are answered or skipped, or the person quits."""
    from ..analysis.annotation.question_card import question_card

    print(_keys(session))
    while (question := session.current) is not None:
        print()
        number = session.previously_answered + session.position + 1
        for line in question_card(question, f"[{number}/{session.total}]"):
            print(line)
        if session.position in session.answers:
            print(f"you answered {session.answers[session.position]}")
        if not _take_answer(session, question):
            return


def _keys(session: LabelingSession) -> str:
    choices = session.choices()
    answers = "1 or 2 for the better one, t for a tie" if "tie" in choices else f"{choices[0]} to {choices[-1]}"
    return f"{answers}; s skips, b goes back, q quits; a note may follow: `{choices[0]} more to the point`"


def _take_answer(session: LabelingSession, question: Question) -> bool:
    """Take one answer. Returns False to quit."""
    while True:
        line = read_line(f"{question.text} ")
        command = None if line is None else line.lower()
        if line is None or command == "q":
            return False
        if command in ("s", "b"):
            (session.skip if command == "s" else session.back)()
            return True
        choice, _, note = line.partition(" ")
        choice = "tie" if choice.lower() in ("t", "tie") else choice
        if choice in session.choices():
            session.answer(choice, note)
            return True
        print(_keys(session))


def _serve(session: LabelingSession) -> None:
    """Serve the page until the button Done or Ctrl-C."""
    from ..analysis.annotation.label_server import LabelServer

    with LabelServer(session) as server:
        print(f"open {server.address}\nend with the button Done, or with Ctrl-C", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def _scale(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(-?\d{1,6})-(-?\d{1,6})", text)
    low, high = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 0 < high - low <= MAX_STEPS:
        raise argparse.ArgumentTypeError(f"{text!r}: write two whole numbers such as 1-5, at most {MAX_STEPS} apart")
    return low, high


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: write a whole number of at least 1")
    return int(text)
