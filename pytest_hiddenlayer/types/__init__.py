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
    OWN_PROMPTS,
    RECORD_SCHEMA,
    RESUMED_CALLS,
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
from .recording import (
    NO_TEXT,
    RECORDED,
    RECORDED_CALLS,
    RECORDED_COUNTS,
    RECORDED_VERDICT,
    RecordedAnswer,
    Recording,
)
from .task import (
    FEEDBACK,
    MAX_EPOCHS,
    MODELS,
    REASONING_EFFORTS,
    FeedbackScorer,
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
    "FEEDBACK",
    "IGNORED_SPANS",
    "MAX_EPOCHS",
    "MODELS",
    "NO_TEXT",
    "OUTCOMES",
    "OWN_PROMPTS",
    "REASONING_EFFORTS",
    "RECORDED",
    "RECORDED_CALLS",
    "RECORDED_COUNTS",
    "RECORDED_VERDICT",
    "RECORD_SCHEMA",
    "RESUMED_CALLS",
    "ROUND_SCORES",
    "SAMPLE_SCORES",
    "SCORED",
    "SCORER_FAILED",
    "SCORING_CALLS",
    "Answer",
    "Call",
    "Completion",
    "FeedbackScorer",
    "GenerationConfig",
    "Message",
    "ModelName",
    "Models",
    "Outcome",
    "Record",
    "RecordedAnswer",
    "Recording",
    "Request",
    "Sample",
    "Score",
    "Spec",
    "Task",
    "Usage",
]
