"""`hiddenlayer finetune`: trains an adapter for a task, and says what it won and lost."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..finetuning.settings import LONG, METHODS, SCHEDULES, FinetuneSettings
from ..terminal_escape import json_text
from .argument_types import at_least, share
from .live_line import LiveLine
from .terminal_input import relative_to_cwd

if TYPE_CHECKING:
    from ..interface.finetuning.comparison import FinetuneComparison

HELP = "fine-tune a local model for a task, and compare it with its base on this task and on all others"
EPILOG = """examples:
  hiddenlayer finetune --task evals/units.yaml              learns units_train.jsonl, the file next to the task
  hiddenlayer finetune --task evals/units.yaml --data chats.jsonl --model smollm2 --method dora
  hiddenlayer finetune --task evals/units.yaml --from-run last --per-sample 2
                                                            learns right answers of a run
  hiddenlayer finetune --task evals/units.yaml --resume     continues training that was interrupted
  hiddenlayer finetune --task evals/units.yaml --epochs 6 --learning-rate 3e-3 --fuse models/units

Examples that are too similar to a sample of the task or of the evals are left out. After training, base and adapter
answer the task and all evals; the paired comparison, with Holm's correction, decides what was won and lost. The
folder of the adapter keeps the result. docs/finetuning.md says what the settings mean.

exit status: 0 success; 1 a task became significantly worse; 2 interrupted; 4 wrong data, option or path
"""
_HELP = {
    "rank": "of the low-rank matrices",
    "scale": "factor of the low-rank update",
    "dropout": "of the input of the low-rank update",
    "num_layers": "how many of the last layers are trained",
    "learning_rate": "the highest learning rate",
    "schedule": "of the learning rate, after the warm-up",
    "warmup": "share of the steps in which the learning rate rises",
    "weight_decay": "of AdamW",
    "clip": "the largest norm of a gradient",
    "epochs": "how often every example is read",
    "batch_size": "rows of a batch",
    "batch_tokens": "padded tokens of a batch",
    "accumulation": "batches of a step",
    "max_length": "tokens of an example",
    "long": "what happens to a longer example",
    "validation": "share of the examples that are validated on, by whole groups",
    "evaluate_every": "steps between two validations",
    "patience": "validations without a lower loss before training ends",
    "seed": "of split, order, first weights and dropout",
}
_CHOICES = {"schedule": SCHEDULES, "long": LONG}
_NO_VALUE = {"num_layers": "all", "evaluate_every": "four per epoch", "patience": "none: never"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Task, model and data; what judges; the settings of training."""
    parser.add_argument(
        "--task", required=True, metavar="T", help="task file that is trained for, or its name in evals"
    )
    parser.add_argument(
        "--model", metavar="M", help="bundled (default), smollm2, a folder, a GGUF file or a hub name"
    )
    parser.add_argument("--method", choices=METHODS, default="lora", help="what is trained (default: lora)")
    data = parser.add_mutually_exclusive_group()
    data.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        help="chats (JSONL), or rows with the task's columns (default: TASK_train)",
    )
    data.add_argument("--from-run", metavar="RUN", help="learn right answers of a run: id, folder or `last`")
    parser.add_argument(
        "--per-sample", type=at_least(1), default=4, metavar="N", help="answers per sample of a run (default: 4)"
    )
    parser.add_argument(
        "--min-score",
        type=share,
        metavar="X",
        help="learn answers of a run with at least this score (default: right)",
    )
    parser.add_argument("--output", type=Path, metavar="DIR", help="adapter's folder (default: adapters/TASK-METHOD)")
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint in that folder")
    parser.add_argument("--fuse", type=Path, metavar="DIR", help="also write base and adapter as one model folder")
    _add_judging(parser)
    settings = parser.add_argument_group("settings of training")
    for field in fields(FinetuneSettings):
        if field.name != "method":
            _add_setting(settings, field.name, field.default)


def _add_judging(parser: argparse.ArgumentParser) -> None:
    judging = parser.add_argument_group("before and after")
    judging.add_argument(
        "--evals",
        action="append",
        metavar="PATH",
        help="other tasks that must not become worse; repeatable (default: the project's evals)",
    )
    judging.add_argument(
        "--strategy", action="append", metavar="SPEC", help="how the tasks are answered; repeatable (default: single)"
    )
    judging.add_argument(
        "--no-evaluate", action="store_true", help="end after training; the evals are only compared with the data"
    )
    judging.add_argument("--allow-regressions", action="store_true", help="exit with 0 if a task became worse")
    judging.add_argument(
        "--allow-contamination", action="store_true", help="also learn examples that are too similar to a sample"
    )
    judging.add_argument("--json", action="store_true", help="print JSON")


def _add_setting(group: Any, name: str, default: Any) -> None:
    shown = _NO_VALUE.get(name, default) if default is None or name not in _NO_VALUE else default
    kind: Callable[[str], Any] | None = None
    if name not in _CHOICES:
        kind = _number(whole=not isinstance(default, float), optional=name in _NO_VALUE)
    never = "; `none`: never" if name == "patience" else ""
    group.add_argument(
        f"--{name.replace('_', '-')}",
        type=kind,
        choices=_CHOICES.get(name),
        default=default,
        metavar=None if name in _CHOICES else "N" if not isinstance(default, float) else "X",
        help=f"{_HELP[name]} (default: {shown}{never})",
    )


def _number(*, whole: bool, optional: bool) -> Callable[[str], float | int | None]:
    """An argument type: a number, or with `optional` also `none`. The settings check its range."""

    def number(text: str) -> float | int | None:
        if optional and text.lower() == "none":
            return None
        try:
            return int(text) if whole else float(text)
        except ValueError:
            kind = "a whole number" if whole else "a number"
            raise argparse.ArgumentTypeError(f"{text!r}: write {kind}{' or `none`' if optional else ''}") from None

    return number


def run(arguments: argparse.Namespace) -> int:
    """Train, compare, and print what was won and lost."""
    from ..interface.finetuning.run import finetune_and_compare
    from ..interface.python_arguments import command_options

    status = _Status()
    try:
        with command_options(), LiveLine(status.line) as live_line:
            result = finetune_and_compare(
                arguments.task,
                data=arguments.data,
                from_run=arguments.from_run,
                model=arguments.model,
                output=arguments.output,
                evals=arguments.evals,
                evaluate=not arguments.no_evaluate,
                strategy=arguments.strategy or "single",
                fuse=arguments.fuse,
                resume=arguments.resume,
                allow_contamination=arguments.allow_contamination,
                per_sample=arguments.per_sample,
                min_score=arguments.min_score,
                notify=live_line.print,
                watch=status.watch,
                **{field.name: getattr(arguments, field.name) for field in fields(FinetuneSettings)},
            )
    except KeyboardInterrupt:
        print("hiddenlayer: interrupted; --resume continues from the last checkpoint", file=sys.stderr)
        return 2
    _print(result, as_json=arguments.json)
    return 1 if result.lost and not arguments.allow_regressions else 0


class _Status:
    """The present step, in one line."""

    def __init__(self) -> None:
        self._line: Callable[[int], str] = lambda width: "reading data"

    def watch(self, line: Callable[[int], str]) -> None:
        """Show this step from now on."""
        self._line = line

    def line(self, width: int) -> str:
        """What the present step says."""
        return self._line(width)


def _print(result: FinetuneComparison, *, as_json: bool) -> None:
    if as_json:
        print(json_text(result.to_json()))
        return
    if result.comparison is not None:
        print(result.text(width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()))
    if result.page is not None:
        print(f"report: {relative_to_cwd(result.page)}")
    if result.fused is not None:
        print(
            f"fused model: {relative_to_cwd(result.fused.folder)} (largest difference {result.fused.difference:.1g})"
        )
    print(f"adapter: {relative_to_cwd(result.folder)}; use it with --adapter {relative_to_cwd(result.folder)}")
