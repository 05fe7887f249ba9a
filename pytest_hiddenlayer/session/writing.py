"""Files that a run writes: checked before anything is asked; one that cannot be written never hides the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import HiddenLayerError, UsageError
from ..io.links import check_inside
from ..io.writable import reason, write_fault
from ..results.cell_config import CellConfig

REPORT = "report.html"
MAX_SNAPSHOT = 200_000
"""Samples of a snapshot. It is read whole, and hosts of repositories refuse files of 100 MB."""
SNAPSHOT_LINE = 100  # bytes of a sample with a short id and answer
ADVICE = "free space or choose another folder with --hl-reports DIR"
SNAPSHOT_ADVICE = "make it possible to write there, and run again with --snapshot-update"


def check_reports(reports: Path, root: Path) -> None:
    """Raise UsageError if the folder of reports cannot be written, or leads out of the project `root` by a link."""
    for folder in (reports, reports / "runs", reports / "batches"):
        check_inside(folder, root, instead=", or name the folder that it leads to: --hl-reports DIR")
    if (fault := write_fault(reports)) is not None:
        raise UsageError(
            f"{reports}: the answers of this run cannot be written there: {fault}. Nothing was asked; {ADVICE}"
        )


def check_snapshots(snapshots: Path, root: Path) -> None:
    """Raise UsageError if the folder of snapshots cannot be written, or leads out of the project `root` by a link."""
    for folder in (snapshots, *(path for path in _entries(snapshots) if path.is_symlink())):
        check_inside(folder, root, instead=", or run without --snapshot-update")
    if (fault := write_fault(snapshots)) is not None:
        raise UsageError(
            f"--snapshot-update: snapshots cannot be written to {snapshots}: {fault}. Nothing was asked; "
            "free space, or run without --snapshot-update"
        )


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def check_snapshot_sizes(configs: Iterable[CellConfig]) -> None:
    """Raise UsageError if a snapshot would have too many samples for a file in a repository."""
    for config in configs:
        n = len(config.selected)
        if n > MAX_SNAPSHOT:
            raise UsageError(
                f"--snapshot-update: the snapshot of {config.task}[{config.params}] would have {n:,} samples, a file "
                f"of about {n * SNAPSHOT_LINE / 1e6:,.0f} MB; the maximum is {MAX_SNAPSHOT:,}. Nothing was asked; "
                "compare with a run instead of a snapshot, --baseline RUN, or select samples with --limit"
            )


@dataclass(kw_only=True, slots=True)
class WriteFaults:
    """What could not be written in a run, for the end of its output."""

    lost_records: int = 0  # that are not in the run log
    reason: str = ""  # of the first one that was lost
    others: list[str] = field(default_factory=list)  # a sentence per file
    advice: list[str] = field(default_factory=list)  # what to do
    failing: bool = False  # whether something is missing that the user asked for

    def add_records(self, number: int, why: str) -> None:
        """Note records that are not on disk."""
        self.lost_records += number
        self.reason = self.reason or why
        self.failing = True
        if ADVICE not in self.advice:
            self.advice.append(ADVICE)

    def add(
        self, what: str, path: Path | str | None, error: OSError, *, asked_for: bool, advice: str = ADVICE
    ) -> None:
        """Note a file that was not written."""
        place = f"{what} {path}" if path else what
        self._note(f"{place} could not be written: {reason(error)}", asked_for)
        if advice not in self.advice:
            self.advice.append(advice)

    def _note(self, sentence: str, asked_for: bool) -> None:
        if sentence not in self.others:
            self.others.append(sentence)
        self.failing = self.failing or asked_for

    def add_cassettes(self, folder: Path | None, error: Exception) -> None:
        """Note that recorded calls are not in their cassettes."""
        if isinstance(error, OSError):
            self.others.append(
                f"cassettes of {folder} could not be written: {reason(error)}; the calls stay in its files "
                ".recording-*, and the next run with --record merges them"
            )
        else:
            self.others.append(str(error))
        self.failing = True

    @contextmanager
    def writing(self, what: str, path: Path, *, asked_for: bool = False, advice: str = ADVICE) -> Iterator[None]:
        """Note the OSError or HiddenLayerError of the block, instead of raising it; the latter says what to do."""
        try:
            yield
        except OSError as error:
            self.add(what, path, error, asked_for=asked_for, advice=advice)
        except HiddenLayerError as error:
            self._note(f"{what} was not written: {error}", asked_for)

    def lines(self) -> Sequence[str]:
        """One sentence per fault, then what to do; empty if everything was written."""
        lost = []
        if self.lost_records:
            plural = "answer is" if self.lost_records == 1 else "answers are"
            lost.append(
                f"{self.lost_records:,} {plural} counted above but not in the run log: {self.reason}; "
                "--resume will ask for them again"
            )
        return [*lost, *self.others, *(f"To keep everything, {advice}" for advice in self.advice)]


def write_report(folder: Path, faults: WriteFaults) -> None:
    """Write the report of a run into its folder. One that cannot be written is a fault, and hides no result."""
    try:
        from ..report.page.run_page import write_run_page  # with jinja2, which other commands do without

        write_run_page(folder, folder / REPORT)
    except OSError as error:
        faults.add("the report", folder / REPORT, error, asked_for=False)
    except HiddenLayerError as error:  # nothing of the run could be written
        faults.others.append(f"the report {folder / REPORT} was not written: {error}")
    except KeyboardInterrupt:  # what was measured is still printed
        faults.others.append(f"the report {folder / REPORT} was not written: interrupted")
    except Exception as error:  # whatever the records hold: the results are worth more than the page of them
        faults.others.append(
            f"the report {folder / REPORT} could not be written: {type(error).__name__}: {error}; "
            "this is a bug of pytest-hiddenlayer: please report it"
        )
