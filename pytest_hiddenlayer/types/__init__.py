"""The data types.

    task file → Task → Sample → Strategy (calls a model of a Provider) → transcript of Calls
              → Scorer → Score → Record → run log, snapshot, gate, report

All are frozen. `None` means unknown, never 0. The package imports no
other module of the project, and not pytest.
"""

from __future__ import annotations

from .call import Call, Completion, Request, Usage
from .record import (
    ELICITED,
    IGNORED_SPANS,
    OUTCOMES,
    RECORD_SCHEMA,
    ROUND_SCORES,
    SAMPLE_SCORES,
    SCORED,
    SCORER_FAILED,
    SCORING_CALLS,
    Answer,
    Outcome,
    Record,
    Score,
)
from .task import (
    MAX_EPOCHS,
    MODELS,
    REASONING_EFFORTS,
    GenerationConfig,
    Message,
    ModelName,
    Models,
    Sample,
    Spec,
    Task,
)

__all__ = [
    "ELICITED",
    "IGNORED_SPANS",
    "MAX_EPOCHS",
    "MODELS",
    "OUTCOMES",
    "REASONING_EFFORTS",
    "RECORD_SCHEMA",
    "ROUND_SCORES",
    "SAMPLE_SCORES",
    "SCORED",
    "SCORER_FAILED",
    "SCORING_CALLS",
    "Answer",
    "Call",
    "Completion",
    "GenerationConfig",
    "Message",
    "ModelName",
    "Models",
    "Outcome",
    "Record",
    "Request",
    "Sample",
    "Score",
    "Spec",
    "Task",
    "Usage",
]
