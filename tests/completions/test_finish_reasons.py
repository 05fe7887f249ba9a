"""Only an answer that ended normally is scored; every other one has an outcome that says why not."""

from __future__ import annotations

import pytest
from support.cases import run

from pytest_hiddenlayer.completions.finish_reasons import ended_normally, unscored_outcome

ENDS = {
    "correct": ["stop", "STOP", "end_turn", "stop_sequence", "eos"],
    "truncated": ["length", "max_tokens", "MAX_TOKENS", "max-tokens", "model_length", "max_output_tokens", "LENGTH"],
    "refused": ["refusal", "content_filter", "CONTENT_FILTER", "safety"],
    "error": ["error", "abort", "ERROR", "tool_calls", "unknown", "pause_turn", "", "recitation"],
}


@pytest.mark.parametrize(("outcome", "reason"), [(outcome, reason) for outcome in ENDS for reason in ENDS[outcome]])
def test_an_answer_is_scored_only_after_a_normal_stop(case, outcome, reason):
    """Half a text may be right by chance, so that its score would say nothing."""
    record = run(case(), {"rules": [{"reply": "yes", "finish_reason": reason}]})
    assert record.outcome == outcome
    assert (record.score is not None) == (outcome == "correct")
    assert record.output == "yes"


def test_an_unknown_word_is_shown(case):
    """The reader learns what the server said."""
    record = run(case(), {"rules": [{"reply": "yes", "finish_reason": "Abort"}]})
    assert "finish reason 'Abort'" in record.error


def test_a_strategy_without_a_reason_is_scored():
    """None is what a strategy leaves that sets none."""
    assert ended_normally(None)
    assert unscored_outcome(None) is None
