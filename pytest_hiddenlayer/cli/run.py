"""`hiddenlayer run`: the same as `pytest evals`, without pytest."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from ..errors import UsageError
from ..types import Record

HELP = "answer and score task files without pytest; log, table and gates are the same"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The plugin's options under the same names."""
    parser.add_argument("paths", nargs="*", default=["evals"], help="task files or folders (default: evals)")
    parser.add_argument("--provider", action="append", metavar="NAME[:MODEL]", help="repeatable (default: mlx)")
    parser.add_argument("--model", metavar="NAME")
    parser.add_argument("--strategy", action="append", metavar="NAME[:key=value,...]")
    parser.add_argument("--judge", metavar="PROVIDER[:MODEL]")
    parser.add_argument("--baseline", metavar="REF")
    for name, least in (("epochs", 1), ("limit", 1), ("seed", 0), ("max-tokens", 1), ("concurrency", 1)):
        parser.add_argument(f"--{name}", type=_at_least(name, least), metavar="N")
    parser.add_argument("--resume", metavar="RUN", help="take over the answers of this run; ask only for the rest")
    parser.add_argument("--budget", metavar="USD", help="spend at most so much; what does not fit is skipped")
    parser.add_argument("--record", type=Path, metavar="DIR", help="write every call to cassettes in this folder")
    parser.add_argument("--replay", type=Path, metavar="DIR", help="answer from cassettes; nothing is asked")
    parser.add_argument("--cache", choices=("seeded", "all", "off"), default="seeded", help="use answers again")
    parser.add_argument("--base-url", action="append", metavar="[PROVIDER=]URL", help="the server to speak to")
    parser.add_argument("--prices", type=Path, metavar="FILE", help="your own dated prices")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="most seconds of one attempt of a call")
    parser.add_argument("--stream", action="store_true", help="let answers come in pieces: time to the first token")
    parser.add_argument("--batch", action="store_true", help="through the batch APIs, at their price")
    parser.add_argument(
        "--allow-task-models", action="store_true", help="let task files name models by folder or hub name"
    )
    parser.add_argument("--temperature", type=float, metavar="T")
    parser.add_argument("--gate", choices=("regression", "threshold", "require", "off"), default="regression")
    parser.add_argument("--gate-underpowered", choices=("pass", "fail"), default="pass")
    parser.add_argument("--match", choices=("hash", "id"), default="hash", help="how samples find their partners")
    parser.add_argument("--adaptive", action="store_true", help="stop repeating epochs once the verdict is decided")
    parser.add_argument(
        "--equal-budget",
        action="store_true",
        help="hold strategies of several calls against their own model, asked as often",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run, print progress and the table; 0 when all is fine, 1 otherwise."""
    from ..api import evaluate
    from ..model_names import name_models, parse_model
    from ..options import RunOptions, parse_base_urls, parse_budget
    from ..registry import providers
    from ..report.budget_match import text
    from ..report.table import cell_table
    from ..results.log.resume import taken_over
    from ..results.log.run_log import find_run
    from ..results.regression.early_stopping import savings_message
    from ..strategies.bind import parse_strategy
    from ..types import GenerationConfig

    options = RunOptions(
        providers=name_models(tuple(arguments.provider or ("mlx",)), arguments.model, providers.get),
        strategies=tuple(map(parse_strategy, arguments.strategy or ())) or None,
        judge=parse_model(arguments.judge, "--judge") if arguments.judge else None,
        epochs=arguments.epochs,
        limit=arguments.limit,
        seed=arguments.seed or 0,
        generate=GenerationConfig(temperature=arguments.temperature, max_tokens=arguments.max_tokens),
        concurrency=arguments.concurrency,
        timeout_s=arguments.timeout,
        base_urls=parse_base_urls(arguments.base_url or ()),
        cache=arguments.cache,
        record=arguments.record,
        replay=arguments.replay,
        budget_usd=parse_budget(arguments.budget) if arguments.budget else None,
        prices=arguments.prices,
        batch=arguments.batch,
        stream=arguments.stream,
        allow_task_models=arguments.allow_task_models,
        baseline=arguments.baseline,
        resume=find_run(Path.cwd(), arguments.resume) if arguments.resume else None,
        gate=arguments.gate,
        gate_underpowered=arguments.gate_underpowered,
        match=arguments.match,
        adaptive=arguments.adaptive,
        equal_budget=arguments.equal_budget,
    )
    paths = [Path(path) for path in arguments.paths]
    command = ["hiddenlayer", *sys.argv[1:]]
    done = evaluate(paths, options, root=Path.cwd(), command=command, on_record=_progress, on_notice=_notice)
    print(file=sys.stderr)
    for fault in done.faults:
        print(f"hiddenlayer: {fault}", file=sys.stderr)
    if not done.records:
        raise UsageError(f"nothing was answered under {', '.join(map(str, paths))}")
    width = shutil.get_terminal_size().columns
    print(cell_table(done.metrics, done.gates, width=width, colour=sys.stdout.isatty()), end="")
    if (taken := taken_over(done.records)) is not None:
        print(taken)
    if done.budget is not None:
        print(done.budget)
    if options.adaptive:
        print(
            savings_message(done.stoppable_cells, sum(record.cell in done.stoppable_cells for record in done.records))
        )
    if done.findings is not None:
        print(text(done.findings, width=width, colour=sys.stdout.isatty()), end="")
    for gate in done.gates.values():
        if gate.outcome == "failed":
            print(gate.message)
    print(f"run {done.log.run_id}: {done.log.folder.relative_to(Path.cwd())}")
    return 0 if done.ok else 1


def _progress(record: Record, done: int, total: int) -> None:
    print(f"\r{done}/{total} {record.task}", end="\x1b[K" if sys.stderr.isatty() else "", file=sys.stderr)


def _notice(text: str) -> None:
    print(f"\r{text}\x1b[K" if sys.stderr.isatty() else text, file=sys.stderr)


def _at_least(name: str, least: int) -> type[int]:
    class Number(int):
        """An integer with a lower bound."""

        def __new__(cls, text: str) -> Number:
            value = super().__new__(cls, text)
            if value < least:
                raise argparse.ArgumentTypeError(f"{text!r}: a whole number of at least {least} is needed")
            return value

    Number.__name__ = "whole number"
    return Number
