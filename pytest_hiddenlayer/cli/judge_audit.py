"""`hiddenlayer judge-audit RUN --judge PROVIDER[:MODEL]`: measure the biases of a judge."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..option_table import OPTIONS
from ..terminal_escape import json_text
from .argument_types import add_run_options, at_least, current_project, named_run, written_values
from .live_line import LiveLine

HELP = "audit a judge: position, length and self-preference bias, agreement with people and scores, master keys"
EPILOG = """examples:
  hiddenlayer judge-audit last --judge mlx
  hiddenlayer judge-audit last --judge openai:gpt-5.4-mini --budget 1 --n 100
  hiddenlayer judge-audit last --judge mlx --labels reports/labels.jsonl --json

exit status: 0 success; 1 none of the judge's replies could be read; 4 a wrong option, name or path
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run whose answers are judged, the judge, and how many calls are made."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument("--judge", required=True, metavar="PROVIDER[:MODEL]", help="the judge that is audited")
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="FILE",
        help="labels written by `hiddenlayer label`, to measure agreement with people",
    )
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; repeatable")
    _add_numbers(parser)
    parser.add_argument(
        "--as",
        type=Path,
        dest="task_file",
        metavar="FILE",
        help="judge with the prompts of this task file's win_rate and llm_judge",
    )
    parser.add_argument("--reference", action="store_true", help="show the judge the target of each pair")
    add_run_options(parser, [option for option in OPTIONS if option.calls])
    parser.add_argument("--json", action="store_true", help="print JSON")


def _add_numbers(parser: argparse.ArgumentParser) -> None:
    for name, minimum, default, text in (
        ("--n", 0, 50, "number of pairs, each judged in both orders (default: 50)"),
        ("--keys", 0, 10, "number of samples for master-key attacks (default: 10)"),
        ("--seed", 0, 0, "seed of the choice of pairs and of the judge's calls (default: 0)"),
        ("--max-tokens", 1, None, "maximum number of tokens of a judge's reply"),
    ):
        parser.add_argument(name, type=at_least(minimum), default=default, metavar="N", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Audit the judge and print the result. Returns 1 if none of its replies could be read."""
    from ..analysis.annotation.labels import read_labels
    from ..analysis.judge_audit.audit import FILE, AuditOptions, audit_judge
    from ..analysis.judge_audit.prompts import DEFAULT_PROMPTS, prompts_of_task
    from ..analysis.judge_audit.text import audit_text
    from ..api import judge_options
    from ..model_names import parse_model
    from .terminal_input import relative_to_cwd

    project, folder = current_project(), named_run(arguments.name)
    judge = parse_model(arguments.judge, "--judge")
    options = AuditOptions(
        n=arguments.n,
        keys=arguments.keys,
        tasks=tuple(arguments.task),
        reference=arguments.reference,
        max_tokens=arguments.max_tokens,
        seed=arguments.seed,
        calls=judge_options(project, judge, written_values(arguments)),
    )
    labels = read_labels(arguments.labels) if arguments.labels else []
    prompts = prompts_of_task(arguments.task_file, project.root) if arguments.task_file else DEFAULT_PROMPTS
    progress = _Progress()
    with LiveLine(progress.line):
        audit = audit_judge(folder, judge, options, prompts=prompts, labels=labels, on_done=progress)
    if arguments.json:
        print(json_text(audit.to_json()))
    else:
        print(audit_text(audit), end="")
        print(f"saved: {relative_to_cwd(folder / FILE)}")
    return 0 if audit.measured else 1


class _Progress:
    """How many answers were judged."""

    text = "waiting for the first verdict"

    def __call__(self, done: int, total: int) -> None:
        self.text = f"{done}/{total} judged"

    def line(self, width: int) -> str:
        """The text of the live line."""
        return self.text[:width]
