"""Puts small faults into scorers, statistics, metrics and gates, one at a time, and counts which the tests notice.

    python benchmarks/mutants.py [--sample N | --all] [--jobs N] [--seconds S] [--only TEXT ...] [--out FILE]

A fault is one changed node of a module's syntax tree (`benchmarks/mutation/operators.py`): another comparison,
a boundary moved by one, another operator, constant or condition, swapped arguments, `return None`, a statement
removed, an error swallowed. Tests are imported once; first each runs alone and traced, which says what it reaches;
then a fork of that process runs the tests that reach a fault, the quickest first, until one fails. A fault that no
test reaches, or that all chosen tests miss, has survived. Faults are tried in a random order of a fixed seed, so a
run that is stopped is a random sample; the interval is that of Clopper and Pearson. --out gets a line of JSON per
fault, and a run that finds such a file goes on with the rest. Needs pytest, hypothesis and what the package imports;
tests that need more (mlx, a browser) are left out where it is missing.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import random
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from mutation.processes import Ended, Task, run
from mutation.targets import GROUPS, ROOT, TESTS, Mutant, Reached, choose, mutants

SURVIVED = ("survived", "unreached")
VERDICTS = {0: "survived", 1: "killed", 3: "not applied", None: "killed (time)"}


def main() -> None:
    """Try the faults and print the score of each group."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=600, help="how many faults (default: 600)")
    parser.add_argument("--all", action="store_true", help="every fault")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (default: 2)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no fault after this time")
    parser.add_argument("--test-seconds", type=float, default=15, help="CPU time of the tests of one fault, at most")
    parser.add_argument("--only", nargs="+", default=[], help="faults whose names contain a text (scorers/judge)")
    parser.add_argument("--again", action="store_true", help="try those of --out again that survived")
    parser.add_argument("--control", type=int, default=0, help="also run the tests of so many faults without them")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "mutants.jsonl", help="a line per fault")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="folders of tests (default: those that reach most)")
    parser.add_argument("--map-seconds", type=float, default=3600, help="time to find what the tests reach, at most")
    parser.add_argument("--map", type=Path, help="file for what the tests reach; read if it exists")
    options = parser.parse_args()
    began = time.monotonic()
    os.environ.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, installed(Path(tempfile.mkdtemp(prefix="entry-points-"))))
    chosen = ordered(options)
    tests = reached(options.map or options.out.with_suffix(".map.json"), options)
    print(f"{len(tests)} tests, {len(chosen)} faults, after {time.monotonic() - began:.0f} s", flush=True)
    try_faults(chosen, tests, options, began + options.seconds)
    show(options.out)


def installed(folder: Path) -> str:
    """A folder for sys.path with the entry points of the package, where it is not installed."""
    try:
        distribution("pytest-hiddenlayer")
        return str(ROOT)
    except PackageNotFoundError:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = folder / "pytest_hiddenlayer-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pytest-hiddenlayer\nVersion: 0\n")
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return str(folder)


def ordered(options: argparse.Namespace) -> list[Mutant]:
    """The faults to try, in a random order of a fixed seed, without those that the file has."""
    found = [mutant for mutant in mutants() if not options.only or any(text in mutant.name for text in options.only)]
    random.Random(0).shuffle(found)
    done = {row["name"] for row in results(options.out) if not (options.again and row["verdict"] in SURVIVED)}
    found = found if options.all or options.only or options.again else found[: options.sample]
    if options.again:
        tried = {row["name"] for row in results(options.out)}
        found = [mutant for mutant in found if mutant.name in tried]
    return [mutant for mutant in found if mutant.name not in done]


def reached(file: Path, options: argparse.Namespace) -> dict[str, Reached]:
    """test → what it reaches, of tests that pass; written to a file and read from it."""
    if not file.exists():
        from mutation.session import WarmTests, in_session

        folder = Path(tempfile.mkdtemp(prefix="reached-"))

        def trace(tests: WarmTests) -> None:
            files: dict[str, list[str]] = {}
            for name in tests.items:
                files.setdefault(name.split("::")[0], []).append(name)

            def work(names: list[str], out: Path, own: Path) -> int:
                with out.open("w", encoding="utf-8") as lines:
                    for name, passed, cpu_s, ran in tests.traced(names, own):
                        ran_lines = {path: sorted(found) for path, found in ran.items()}
                        lines.write(json.dumps([name, passed, cpu_s, ran_lines]) + "\n")
                        lines.flush()
                return 0

            until = time.monotonic() + options.map_seconds
            tasks = (
                Task(
                    test_file, lambda own, n=names, o=folder / f"{i}.jsonl": work(n, o, own), cpu_s=600,
                    wall_s=max(0.0, until - time.monotonic()),
                )
                for i, (test_file, names) in enumerate(files.items())
            )  # fmt: skip
            for ended in run(tasks, options.jobs):
                if ended.status != 0:
                    print(f"{ended.name}: tests after the last that ended are left out (status {ended.status})")

        task = Task("session", lambda own: in_session(options.tests, trace), cpu_s=2000)
        list(run([task], 1))
        lines = [line for part in folder.glob("*.jsonl") for line in part.read_text(encoding="utf-8").splitlines()]
        whole = [line for line in lines if line.endswith("]")]  # not one that was being written at the end
        file.write_text("[" + ",".join(whole) + "]", encoding="utf-8")
    rows = json.loads(file.read_text(encoding="utf-8"))
    return {
        name: Reached(cpu_s, {path: frozenset(lines) for path, lines in ran.items()})
        for name, passed, cpu_s, ran in rows
        if passed and ran
    }


def try_faults(chosen: list[Mutant], tests: dict[str, Reached], options: argparse.Namespace, until: float) -> None:
    """Write the verdict on each fault; those in what runs at import come last, for each imports the package again."""
    by_name = {mutant.name: mutant for mutant in chosen}
    of_mutant: dict[str, list[str]] = {}
    with options.out.open("a", encoding="utf-8") as out:

        def note(mutant: Mutant, verdict: str, cpu_s: float = 0.0) -> None:
            fault = mutant.mutation
            row = {
                "name": mutant.name, "group": mutant.group, "operator": fault.operator, "verdict": verdict,
                "before": fault.before, "after": fault.after, "tests": len(of_mutant.get(mutant.name, [])),
                "cpu_s": round(cpu_s, 2), "first_test": (of_mutant.get(mutant.name) or [""])[0],
            }  # fmt: skip
            out.write(json.dumps(row) + "\n")
            out.flush()

        def tasks(cold: bool, work) -> Iterator[Task]:  # type: ignore[no-untyped-def]
            enough = until if cold else until - 0.15 * (until - time.monotonic())  # what is left is for the others
            for mutant in chosen:
                if time.monotonic() > enough:
                    return
                if (mutant.mutation.function is None) is not cold:
                    continue
                names = of_mutant[mutant.name] = choose(mutant, tests, options.test_seconds)
                if not names:
                    note(mutant, "unreached")
                    continue
                cpu_s = sum(tests[name].cpu_s for name in names) + 3 * cold
                yield Task(mutant.name, lambda own, m=mutant, n=names: work(m, n, own), cpu_s)

        def receive(ended: Ended) -> None:
            note(by_name[ended.name], VERDICTS.get(ended.status, f"killed ({ended.status})"), ended.cpu_s)

        def warm(session) -> None:  # type: ignore[no-untyped-def]
            for ended in run(tasks(False, session.with_fault), options.jobs):
                receive(ended)
            controls = chosen[: options.control]
            control = [
                Task(m.name, lambda own, n=of_mutant[m.name]: session.with_fault(None, n, own), 60.0)
                for m in controls
                if of_mutant.get(m.name)
            ]
            wrong = [ended for ended in run(control, options.jobs) if ended.status != 0]
            if controls:
                print(f"without a fault: {len(wrong)} of {len(control)} failed: {[ended.name for ended in wrong]}")

        from mutation.session import in_session, run_cold

        list(run([Task("session", lambda own: in_session(options.tests, warm), cpu_s=20_000)], 1))
        warm_up()
        for ended in run(tasks(True, run_cold), options.jobs):
            receive(ended)


def warm_up() -> None:
    """Import what every cold run needs, but not the package."""
    for name in ("hypothesis", "jinja2", "numpy", "pydantic", "scipy.special", "scipy.stats"):
        importlib.import_module(name)


def results(file: Path) -> list[dict[str, str]]:
    """The lines of --out; of a fault that was tried again, the last."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return list({row["name"]: row for row in map(json.loads, lines)}.values())


def show(file: Path) -> None:
    """Print how many faults of each group were noticed, with a 95 % interval."""
    from scipy.stats import beta

    rows = [row for row in results(file) if row["verdict"] != "not applied"]
    print("| group | faults tried | noticed | 95 % interval | never reached |\n| --- | --- | --- | --- | --- |")
    for group in (*GROUPS, "all"):
        found = [row for row in rows if group in {row["group"], "all"}]
        verdicts = Counter(row["verdict"].split(" ")[0] for row in found)
        n, k = len(found), verdicts["killed"]
        if n:
            low, high = beta.ppf(0.025, k, n - k + 1) if k else 0.0, beta.ppf(0.975, k + 1, n - k) if k < n else 1.0
            print(f"| {group} | {n} | {k / n:.1%} | {low:.1%} to {high:.1%} | {verdicts['unreached']} |")


if __name__ == "__main__":
    main()
