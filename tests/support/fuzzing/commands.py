"""Commands that read files, by what they read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A front end and its arguments; `{file}` is the path of the damaged file."""

    front_end: str  # command, pytest, or function: a reader that only Python code reaches
    args: tuple[str, ...]

    def for_file(self, name: str) -> Command:
        """The command with the path of the file."""
        return Command(self.front_end, tuple(arg.replace("{file}", name) for arg in self.args))


def hl(line: str) -> Command:
    """`hiddenlayer LINE`."""
    return Command("command", tuple(line.split()))


def py(line: str) -> Command:
    """`pytest LINE`."""
    return Command("pytest", ("-p", "no:cacheprovider", "-q", *line.split()))


def fn(name: str) -> Command:
    """A reader of Python code."""
    return Command("function", (name, "{file}"))


A, B, RICH = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb", "run"
SHOWN = tuple(
    hl(line)
    for line in (
        f"show {A}",
        f"show {A} --all",
        f"show {A} --json",
        f"show {A} --sample s1",
        f"show {A} --markdown",
        f"show {A} --calibration",
        f"show {A} --bootstrap 100",
        f"compare {A} {B}",
        f"compare {B} {A} --json",
        f"compare {A} {B} --match id --markdown",
        f"compare {B} {A} --html page.html",
        f"diff {A} {B}",
        f"compare {A} {A} --equal-budget",
        f"diff {B} {A} --json",
        f"votes {A}",
        f"rounds {A}",
        f"rounds {A} --json",
        f"bench strategies {A}",
        f"cascade {A} --task sums",
        f"export {A} --to csv",
        f"export {A} --to jsonl",
        f"export {A} --to inspect",
        f"export {A} --to latex",
        f"export {A} --to paper",
        f"export {A} --to junit",
        f"export {A} --to markdown",
        f"export {A} --to parquet --what calls",
        f"compact {A}",
        f"review {A} --counts",
        f"review {A} --against {B} --json",
        f"review {A} --export",
        f"tournament {A}",
        f"tournament {A} {B} --elo",
        f"open {A} --no-browser",
        "runs",
        "runs --json",
        f"merge {A} {B}",
        f"probe {A}",
        f"label {A} --kind rating",
        f"run evals --resume {A}",
        f"run evals --baseline {A}",
        f"run evals/sums.yaml --shard 1/2 --shard-weights {A}",
        f"judge-audit {A} --judge scripted:replies.json",
    )
)
SHOWN += (py(f"evals --resume {A}"), py(f"evals --baseline {A}"))
RICHLY = tuple(
    hl(line)
    for line in (
        f"show {RICH}",
        f"show {RICH} --all --calibration",
        f"show {RICH} --json",
        f"show {RICH} --sample sum",
        f"open {RICH} --no-browser",
        f"rounds {RICH}",
        f"votes {RICH}",
        f"bench strategies {RICH}",
        f"compare {RICH} {RICH}",
        f"export {RICH} --to csv",
        f"export {RICH} --to inspect",
        f"export {RICH} --to csv --what calls",
        f"export {RICH} --to junit",
        f"tournament {RICH}",
        f"compact {RICH}",
        "runs",
    )
)


def swapped(command: Command) -> Command:
    """The command with the other run first."""
    return Command(command.front_end, tuple(B if arg == A else A if arg == B else arg for arg in command.args))


TASKS = (
    py("evals --co"),
    py("evals"),
    py("evals --hl-limit 1 -n 0"),
    hl("run evals"),
    hl("run evals --limit 1"),
    hl("run {file} --strategy single"),
    hl("convert {file} --check"),
)
CONVERTED = (hl("convert {file} --check"), hl("convert {file}"), hl("convert {file} --check --json"))
