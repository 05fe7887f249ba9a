"""The loss curve on disk: `training.jsonl`, one object per step and per validation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..io.atomic import write_text
from ..io.jsonl import LineLog, read_lines

LOG = "training.jsonl"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingEvent:
    """One step, or one validation. Losses are means over learned tokens, in nats."""

    kind: str  # "step" or "validation"
    step: int  # from 1; 0: the validation before training
    steps: int  # of the whole run
    epoch: int  # from 1
    loss: float
    learning_rate: float | None = None  # of a step
    norm: float | None = None  # of the gradient, before clipping
    tokens: int = 0  # learned in this step, or validated on
    tokens_per_s: float | None = None  # since this process started training, padding excluded; None: not measured
    best: bool = False  # a validation with the lowest loss so far


class TrainingLog:
    """Appends events, and remembers them. A resumed run forgets events after its checkpoint."""

    def __init__(self, output: Path, *, through: int | None) -> None:
        path = output / LOG
        kept: Sequence[Mapping[str, object]] = []
        if through is not None and path.is_file():
            rows = [values for _, values in read_lines(path, "an event of training")]
            kept = [row for row in rows if int(row["step"]) <= through]
        write_text(path, "".join(json.dumps(row, allow_nan=False) + "\n" for row in kept))
        self.events = [TrainingEvent(**row) for row in kept]  # type: ignore[arg-type]
        self._log = LineLog(path, shared=False)

    def append(self, event: TrainingEvent) -> None:
        """Write one event to disk."""
        self.events.append(event)
        self._log.append(asdict(event))

    def close(self) -> None:
        """Close the file."""
        self._log.close()

    def curve(self, kind: str) -> tuple[tuple[int, float], ...]:
        """Return (step, loss) of all events of a kind."""
        return tuple((event.step, event.loss) for event in self.events if event.kind == kind)


def read_curves(folder: Path) -> dict[str, tuple[tuple[int, float], ...]]:
    """Return kind (`step`, `validation`) → (step, loss) of the log in an adapter's folder. Raises UsageError."""
    rows = [values for _, values in read_lines(folder / LOG, "an event of training")]
    return {
        kind: tuple((int(row["step"]), float(row["loss"])) for row in rows if row.get("kind") == kind)
        for kind in ("step", "validation")
    }
