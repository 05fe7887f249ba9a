"""`hiddenlayer judge-audit RUN --judge PROVIDER[:MODEL]`: what a judge can be trusted with."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

HELP = "measure a judge: position, length and self-preference, agreement with people and scores, master keys"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run whose answers are judged, the judge, and how much is asked."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last`")
    parser.add_argument("--judge", required=True, metavar="PROVIDER[:MODEL]", help="the judge that is audited")
    parser.add_argument("--labels", type=Path, metavar="FILE", help="labels of `hiddenlayer label`, to agree with")
    parser.add_argument("--task", action="append", default=[], metavar="NAME", help="only this task; repeatable")
    parser.add_argument("--n", type=_at_least(0), default=50, metavar="N", help="pairs, judged in both orders (50)")
    parser.add_argument(
        "--keys", type=_at_least(0), default=10, metavar="N", help="samples to put texts without an answer to (10)"
    )
    parser.add_argument(
        "--as", type=Path, dest="task_file", metavar="FILE", help="judge as this task's win_rate and llm_judge do"
    )
    parser.add_argument("--reference", action="store_true", help="show the judge the target beside a pair")
    parser.add_argument("--seed", type=_at_least(0), default=0, metavar="N", help="of the pairs and the judge (0)")
    parser.add_argument("--concurrency", type=_at_least(1), default=20, metavar="N", help="calls at once (20)")
    parser.add_argument("--max-tokens", type=_at_least(1), metavar="N", help="of a judge's reply")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Audit and print; 1 where the judge said nothing that could be read."""
    from ..analysis.annotation.labels import read_labels
    from ..analysis.judge_audit.audit import FILE, AuditOptions, audit_judge
    from ..analysis.judge_audit.prompts import DEFAULT_PROMPTS, prompts_of_task
    from ..analysis.judge_audit.text import audit_text
    from ..model_names import parse_model
    from ..results.log.run_log import find_run
    from .terminal_input import relative_to_cwd

    folder = find_run(Path.cwd(), arguments.name)
    options = AuditOptions(
        n=arguments.n,
        keys=arguments.keys,
        tasks=tuple(arguments.task),
        reference=arguments.reference,
        max_tokens=arguments.max_tokens,
        seed=arguments.seed,
        concurrency=arguments.concurrency,
    )
    labels = read_labels(arguments.labels) if arguments.labels else []
    prompts = prompts_of_task(arguments.task_file, Path.cwd()) if arguments.task_file else DEFAULT_PROMPTS
    judge = parse_model(arguments.judge, "--judge")
    found = audit_judge(folder, judge, options, prompts=prompts, labels=labels, on_done=_progress)
    print(file=sys.stderr)
    if arguments.json:
        print(json.dumps(found.to_json(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        print(audit_text(found), end="")
        print(f"saved: {relative_to_cwd(folder / FILE)}")
    return 0 if found.measured else 1


def _progress(done: int, total: int) -> None:
    print(f"\r{done}/{total} judged", end="\x1b[K" if sys.stderr.isatty() else "", file=sys.stderr)


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r}: a whole number of at least {least} is needed")
        return value

    return whole_number
