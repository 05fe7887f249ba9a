"""The n-th operation on a file of a run fails, n = 1, 2, …: the run says so, and what is on disk is whole."""

from __future__ import annotations

import errno
import os
import re
import sys
from itertools import count

import pytest
from support import killed_runs
from support.failing_writes import let_fail, operations
from support.folder import Folder
from support.trust_scale import times

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")]
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT)
STEP = times(7, 1)
"""Under `make test-trust`, every operation fails once."""
N_SAMPLES = 6
ASKED_FOR = {"snapshots/*/*.json", "tapes/*.jsonl"}
FILES = [*sorted(ASKED_FOR), *(f"reports/runs/*/{name}" for name in ("summary.json", "changes.json", "report.html"))]
FRONT_ENDS = {
    "pytest": ["evals", "--hl-provider", "scripted:replies.json", "--snapshot-update", "--record", "tapes"],
    "command": ["run", "--provider", "scripted:replies.json", "--snapshot-update", "--record", "tapes"],
}
ADVICE = re.compile(
    "free space|(choose|name) another folder|make it possible to write there|next run with --record merges"
)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("front_end", list(FRONT_ENDS))
def test_a_failing_operation_is_said_and_leaves_no_half_file(folder: Folder, front_end: str, lasting: bool) -> None:
    """Whichever open, write, fsync or rename fails: no traceback, the reason is said, all files are whole."""
    folder.task(n=N_SAMPLES, epochs=2)
    folder.replies(wrong=[1])
    faults = []
    for number in count(1, STEP):
        error = ERRORS[number % len(ERRORS)]
        let_fail(folder, number, lasting=lasting, error=error)
        printed = (
            folder.plain(*FRONT_ENDS[front_end]) if front_end == "pytest" else folder.command(*FRONT_ENDS[front_end])
        )
        done = operations(folder)
        if len(done) < number:
            break
        text = "\n".join(printed.outlines + printed.errlines)
        faults += [f"{number} ({done[number - 1]}): {fault}" for fault in faults_of(folder, printed.ret, text, error)]
        clean(folder)
    assert number > STEP
    assert not faults, "\n".join(faults)


def faults_of(folder: Folder, status: int, text: str, error: int) -> list[str]:
    """What is wrong with a run in which an operation failed."""
    faults = [word for word in ("Traceback", "INTERNALERROR", "Exception ignored") if word in text]
    killed_runs.check_files(folder)
    n_logged = sum(len(killed_runs.check_log(run)) for run in folder.runs() if (run / "run.json").is_file())
    lost = sum(int(number) for number in re.findall(r"(\d+) answers? (?:is|are) counted above but not", text))
    if "cannot write there" not in text and n_logged + lost != 2 * N_SAMPLES:
        faults.append(f"{n_logged} answers are in the log, {lost} are said to be lost")
    missing = [name for name in FILES if not list(folder.path.glob(name))]
    if (missing or lost) and os.strerror(error) not in text:
        faults.append("the reason is not said")
    if (missing or lost) and not ADVICE.search(text):
        faults.append("what to do is not said")
    if status == 0 and (lost or set(missing) & ASKED_FOR):
        faults.append(f"exit status 0 without {missing}")
    left = [str(path) for name in ("reports", "snapshots", "tapes") for path in (folder.path / name).rglob(".*")]
    if left and ".recording-*" not in text:
        faults.append(f"left behind: {left}")
    return faults


def clean(folder: Folder) -> None:
    """Remove what a run wrote."""
    for path in sorted(folder.path.rglob("*"), reverse=True):
        if path.relative_to(folder.path).parts[0] in ("reports", "snapshots", "tapes"):
            path.rmdir() if path.is_dir() else path.unlink()
