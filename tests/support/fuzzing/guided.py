"""Fuzzes readers and properties with atheris, which keeps what reaches new code and changes it further.

    PYTHONPATH=tests python -m support.fuzzing.guided [--seconds N] [--jobs N] [NAME ...]

Prints a line per target, and exits with 1 if an input broke one. That input is in `build/fuzzing/NAME`, with `_`
for spaces; `corpus` in that folder has the inputs that reached new code, and the next run begins with them. Copy an
input that found a defect to `tests/trust/fuzzing_seeds/NAME` by hand: the tests try it each time.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from yaml import YAMLError

from support.fuzzing.beginnings import FILES, TEXTS
from support.fuzzing.damages import damage

ROOT = Path(__file__).resolve().parents[3]
BUILD = ROOT / "build" / "fuzzing"
SEEDS = ROOT / "tests" / "trust" / "fuzzing_seeds"
MAX_BYTES = 4096  # of an input
TIMEOUT_S = 20  # of an input
MEMORY_MB = 3000
DAMAGED_SHARE = 0.4  # of the inputs; `damages.py` changes them, and libFuzzer the others


def targets() -> dict[str, Callable[[bytes], None]]:
    """Name → what must hold for any bytes."""
    from support.fuzzing.file_targets import READERS, read
    from support.fuzzing.text_targets import PROPERTIES

    return {name: partial(read, file, reader) for name, (file, reader) in READERS.items()} | PROPERTIES


def folder_name(target: str) -> str:
    """The folder of a target."""
    return target.replace(" ", "_")


def fuzz(name: str, seconds: int) -> None:
    """Fuzz a target in this process, and exit."""
    import atheris

    with atheris.instrument_imports(include=["pytest_hiddenlayer"]):
        target = targets()[name]
    folder = BUILD / folder_name(name)
    kept = SEEDS / folder_name(name)
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-timeout={TIMEOUT_S}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-max_len={MAX_BYTES}",
            f"-artifact_prefix={folder}/",
            "-print_final_stats=1",
            str(folder / "corpus"),
            *([str(kept)] if kept.is_dir() else []),
        ],
        target,
        custom_mutator=mutated,
    )
    atheris.Fuzz()


def mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """The input, changed by `damages.py` or by libFuzzer, in at most `max_size` bytes."""
    import atheris

    chance = random.Random(seed)
    if chance.random() < DAMAGED_SHARE and b"&" not in data:  # an alias bomb that is read grows without bound
        with suppress(RecursionError, ValueError, TypeError, YAMLError):  # it cannot read what is damaged already
            _, content = damage(data, chance)
            if len(content) <= max_size:
                return content
    return bytes(atheris.Mutate(data, max_size))


def begin(names: list[str]) -> None:
    """Make the folders of these targets, with the inputs to begin with."""
    from support.fuzzing.cases import project

    place = BUILD / "project"
    shutil.rmtree(place, ignore_errors=True)  # of another version of the package
    place.mkdir(parents=True)
    whole = project(place)
    for name in names:
        corpus = BUILD / folder_name(name) / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(TEXTS.get(name, ())):
            (corpus / f"start-{number}").write_text(text, encoding="utf-8")
        for path in sorted(whole.glob(FILES[name])) if name in FILES else ():
            shutil.copy(path, corpus / f"start-{path.name}")


def run(name: str, seconds: int) -> tuple[str, bool]:
    """(a line of the table, whether an input broke the target)."""
    command = [sys.executable, "-m", "support.fuzzing.guided", "--here", "--seconds", str(seconds), name]
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    log = BUILD / folder_name(name) / "log.txt"
    log.write_text(ended.stdout + ended.stderr, encoding="utf-8")
    tried = re.search(r"number_of_executed_units:\s*(\d+)", ended.stderr)
    n = f"{int(tried[1]):,}" if tried else "?"
    if ended.returncode == 0:
        return f"{name:16} {n:>9} inputs, none broke it", False
    return f"{name:16} {n:>9} inputs, BROKEN: see {log.relative_to(ROOT)} and the input next to it", True


def main() -> int:
    """Fuzz the named targets, or all. Returns 1 if an input broke one, else 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="targets (default: all)")
    parser.add_argument("--seconds", type=int, default=60, help="per target (default: 60)")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time (default: 2)")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        fuzz(options.names[0], options.seconds)
    known = list(targets())
    if unknown := [name for name in options.names if name not in known]:
        parser.error(f"no target {', '.join(unknown)}; there are {', '.join(known)}")
    if find_spec("atheris") is None:
        parser.error("atheris is not installed; run `make fuzz`, which installs it")
    names = options.names or known
    begin(names)
    broken = False
    with ThreadPoolExecutor(options.jobs) as pool:
        for line, failed in pool.map(lambda name: run(name, options.seconds), names):
            print(line, flush=True)
            broken |= failed
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
