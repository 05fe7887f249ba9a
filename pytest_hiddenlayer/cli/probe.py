"""`hiddenlayer probe RUN`: reads the answers of a run again and keeps arrays from inside the model."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import UsageError, did_you_mean
from ..types import Record
from .argument_types import named_run
from .terminal_input import relative_to_cwd

HELP = "look inside the local model of a run: logit lens, attention, residual stream"
EPILOG = """examples:
  hiddenlayer probe                              the last run: lens and attention of every answer
  hiddenlayer probe last --sample sum-3          its answers; the lens of each is printed too
  hiddenlayer probe last --read lens,residual_post
                                                 other arrays
  hiddenlayer probe --check nano-2               which arrays can be read from this model, and the checks

The model reads each of its answers again in one forward pass, and a file of arrays (.npz) is written to the
folder probes/ of the run. The sample pane of the report shows them. docs/probes.md names the arrays and their
shapes, and says what they do not show. Only answers of provider mlx can be read.

exit status: 0 success; 1 nothing could be read; 4 no such run, sample or model
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, which answers, and which arrays to read."""
    parser.add_argument("name", metavar="RUN", nargs="?", default="last", help="run id, folder, or `last` (default)")
    parser.add_argument(
        "--read",
        metavar="WHAT",
        default="lens,attention_weights",
        help="arrays to read, joined by commas (default: %(default)s)",
    )
    parser.add_argument(
        "--sample", metavar="ID", action="append", default=[], help="only this sample, and print its lens; repeatable"
    )
    parser.add_argument("--task", metavar="NAME", action="append", default=[], help="only this task; repeatable")
    parser.add_argument(
        "--check", metavar="MODEL", help="load a model, run the checks, and print which arrays can be read from it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Probe a run, or check a model."""
    from ..analysis.probing.probe_run import probe_run
    from ..probes.capture import parse_what

    if arguments.check is not None:
        return _check(arguments.check)
    what = parse_what(arguments.read)
    folder = named_run(arguments.name)
    result = probe_run(folder, what=what, selected=_selection(folder, arguments), progress=_progress())
    for sentence in result.sentences():
        print(f"hiddenlayer: {sentence}", file=sys.stderr)
    if not result.files:
        print("hiddenlayer: nothing was read", file=sys.stderr)
        return 1
    _update_report(folder)
    if "lens" in what and (arguments.sample or len(result.files) == 1):
        for path in result.files:
            if table := _lens(path):
                print(*([f"\n{path.stem}"] if len(result.files) > 1 else []), table, sep="\n")
    n = len(result.files)
    print(f"{n:,} answer{'s' * (n != 1)} read: {relative_to_cwd(result.files[0].parent)}; see `hiddenlayer open`")
    return 0


def _check(name: str) -> int:
    from ..probes.verification import verify
    from ..providers.mlx.model_files import load_model

    verification = verify(load_model(name)[0].model)
    print(verification)
    return 0 if verification.offered else 1


def _selection(folder: Path, arguments: argparse.Namespace) -> Callable[[Record], bool]:
    """Whether a record is selected. Raises UsageError for a sample or task that the run does not have."""
    from ..results.log.run_log import read_records

    if not (arguments.sample or arguments.task):
        return lambda record: True
    records = list(read_records(folder))
    _check_names("sample", arguments.sample, {record.sample_id for record in records})
    _check_names("task", arguments.task, {record.task for record in records})
    return lambda record: (
        (not arguments.sample or record.sample_id in arguments.sample)
        and (not arguments.task or record.task in arguments.task)
    )


def _check_names(what: str, asked: Sequence[str], found: set[str]) -> None:
    for name in asked:
        if name not in found:
            hint = did_you_mean(name, sorted(found))
            raise UsageError(
                f"--{what} {name}: the run has no such {what}{hint or '; `hiddenlayer show` lists them'}"
            )


def _progress() -> Callable[[int, int], None]:
    """Counts the records on one line, in a terminal only."""
    if not sys.stderr.isatty():
        return lambda done, total: None

    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        print(f"\r{done:,} of {total:,} answers", end=end, file=sys.stderr, flush=True)

    return show


def _update_report(folder: Path) -> None:
    from ..report.page.run_page import REPORT, write_run_page

    if (folder / REPORT).is_file():
        write_run_page(folder)


def _lens(path: Path) -> str:
    """The lens of one answer: a row per layer, a column per token, the likeliest token and its probability.

    Empty if the model has no lens that is right.
    """
    import math

    from ..probes.capture_files import load_capture
    from ..probes.run_files import TEXTS
    from ..report.text_table import grid

    captured = load_capture(path)
    if "lens_top_ids" not in captured.arrays:
        return ""
    texts, start = captured.metadata[TEXTS], captured.n_prompt
    assert captured.token_texts is not None
    rows = []
    for depth in reversed(range(len(captured["lens_top_ids"]))):
        best, logprobs = captured["lens_top_ids"][depth], captured["lens_top_logprobs"][depth]
        cells = [
            f"{texts[str(best[i, 0])]!r} {math.exp(logprobs[i, 0]):.0%}" for i in range(start - 1, len(best) - 1)
        ]
        rows.append((f"layer {depth - 1}" if depth else "embeddings", *cells))
    headers = ("after", *(repr(text) for text in captured.token_texts[start:]))
    return grid(headers, rows, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty())
