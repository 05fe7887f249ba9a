"""`hiddenlayer convert`: task files from other tools' formats."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..terminal_escape import json_text

if TYPE_CHECKING:
    from ..convert import FileReport, Report

HELP = "write task files from promptfoo, Inspect, openai/evals, lm-eval, BIG-bench, ..., or recorded debates"
EPILOG = """examples:
  hiddenlayer convert promptfooconfig.yaml                 write converted/NAME.yaml and its samples
  hiddenlayer convert evals/registry --output evals/theirs  every file of a folder
  hiddenlayer convert gsm8k.yaml --data gsm8k/             lm-evaluation-harness, with local data
  hiddenlayer convert qa.jsonl --fields input=question,target=answer
  hiddenlayer convert debates.jsonl --scorer choice        recorded samples, debates or trials
  hiddenlayer convert logs/ --check --json                 write nothing, print a report

Nothing in the files is run, and nothing is downloaded.
exit status: 0 all files converted, perhaps partly; 1 a file or an eval refused; 4 no usable file, or wrong usage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to convert, and where to."""
    parser.add_argument("path", metavar="FILE|FOLDER", help="a file, or a folder whose files are all converted")
    parser.add_argument(
        "--output", metavar="FOLDER", default="converted", help="folder of the tasks (default: converted)"
    )
    parser.add_argument(
        "--from", dest="format", metavar="FORMAT", help="format of the input, if it is not recognized"
    )
    parser.add_argument(
        "--data",
        metavar="PATH",
        help="local data of lm-evaluation-harness tasks, or the outputs that AlpacaEval's are compared with",
    )
    parser.add_argument("--fields", metavar="FIELD=COLUMN,...", help="columns of an Inspect dataset: input=question")
    parser.add_argument(
        "--scorer", metavar="NAME", help="what scores recordings: exact, choice, numeric or recorded_verdict"
    )
    parser.add_argument("--check", action="store_true", help="convert without writing")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Convert, print one line per file, and return the exit status."""
    from ..convert import Options, convert

    options = Options(
        output=None if arguments.check else Path(arguments.output),
        format=_format(arguments.format),
        data=_data(arguments.data),
        columns=_columns(arguments.fields),
        scorer=_scorer(arguments.scorer),
    )
    on_file = None if arguments.json else lambda report: print(_text(report), flush=True)
    report = convert(Path(arguments.path), options, on_file)
    if arguments.json:
        print(json_text({"files": [file.to_json() for file in report.files], "ignored": report.ignored}))
    else:
        print(_summary(report, arguments))
    return report.exit_status


def _format(name: str | None) -> str | None:
    from ..convert import FORMATS
    from ..errors import did_you_mean

    if name is not None and name not in FORMATS:
        raise UsageError(f"--from {name}: no such format{did_you_mean(name, FORMATS)} (one of {', '.join(FORMATS)})")
    return name


def _scorer(name: str | None) -> str | None:
    from ..convert.recording_scorers import CHOICES
    from ..errors import did_you_mean

    if name is not None and name not in CHOICES:
        hint = did_you_mean(name, CHOICES)
        raise UsageError(f"--scorer {name}: it cannot score recorded answers{hint} (one of {', '.join(CHOICES)})")
    return name


def _data(path: str | None) -> Path | None:
    if path is not None and not Path(path).exists():
        raise UsageError(f"--data {path}: no such file or folder")
    return None if path is None else Path(path)


def _columns(written: str | None) -> dict[str, str]:
    from ..convert.inspect.dataset import FIELDS

    columns = {}
    for part in written.split(",") if written else ():
        field, _, column = part.partition("=")
        if field not in FIELDS or not column:
            raise UsageError(f"--fields {part}: write FIELD=COLUMN, with FIELD one of {', '.join(FIELDS)}")
        columns[field] = column
    return columns


def _text(report: FileReport) -> str:
    """One line per file, and one indented line per reason."""
    samples = sum(task.samples for task in report.tasks)
    outputs = sum(task.outputs for task in report.tasks)
    details = [_count(len(report.tasks), "task"), _count(samples, "sample")] if report.tasks else []
    details += [f"{outputs} with recorded outputs"] if outputs else []
    lines = [f"{report.file}: {report.status} ({', '.join([report.format, *details])})"]
    lines += [f"  refused   {remark}" for remark in report.refused]
    lines += [f"  {'left out ' if remark.left_out else 'note     '} {remark}" for remark in report.remarks]
    lines += [f"  ... and {report.more_remarks} more"] if report.more_remarks else []
    return "\n".join(lines)


def _summary(report: Report, arguments: argparse.Namespace) -> str:
    if not report.files:
        return f"{arguments.path}: none of its files is in a known format; see hiddenlayer convert --help"
    counts = dict.fromkeys(("converted", "partly", "refused"), 0)
    for file in report.files:
        counts[file.status] += 1
    tasks = sum(len(file.tasks) for file in report.files)
    place = "found, nothing written (--check)" if arguments.check else f"written to {arguments.output}"
    ignored = f"; {report.ignored} other files ignored" if report.ignored else ""
    found = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    written = f"{_count(tasks, 'task')} {place if tasks else 'written'}"
    return f"{_count(len(report.files), 'file')}: {found}; {written}{ignored}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
