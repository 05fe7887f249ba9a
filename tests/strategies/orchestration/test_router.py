"""`router`: who chooses the model, and what happens without a choice."""

from __future__ import annotations

import pytest

MODELS = "models=own:small+own:large"


@pytest.mark.parametrize(
    ("reply", "model"), [("Choice: 1", "small"), ("It is hard.\nChoice: 2", "large"), ("I take own:small.", "small")]
)
def test_the_judge_chooses_by_name(with_models, reply, model):
    """The judge reads the question and the names of the models, and only the chosen model answers."""
    record = with_models(f"router:{MODELS}", {"small": "42", "large": "42", "referee": reply}, judge="referee")
    assert [(c["role"], c["model"]) for c in record.transcript] == [("router", "referee"), ("answer", model)]
    asked = record.transcript[0]["messages"][-1]["content"]
    assert "Choice 1: the model own:small (the cheapest)\nChoice 2: the model own:large (the strongest)\n" in asked
    assert asked.endswith("Choice: 1 or Choice: 2")
    assert "What is 6*7?" in asked
    assert record.answer_metadata["chosen"] == f"own:{model}"
    assert record.outcome == "correct"


@pytest.mark.parametrize("reply", ["The answer is 2.", "Choice: 3", "own:small or own:large", "own:smaller", ""])
def test_without_a_readable_choice_no_model_is_chosen(with_models, reply):
    """A reply without a choice is `unscored`: neither a default nor a random model answers."""
    record = with_models(f"router:{MODELS}", {"small": "42", "large": "42", "referee": reply}, judge="referee")
    assert record.outcome == "unscored"
    assert "router asked the judge for a line `Choice: N` from 1 to 2" in record.error
    assert record.answer_metadata["chosen"] is None
    assert len(record.transcript) == 1


@pytest.mark.parametrize(
    ("by", "threshold", "model"),
    [("words", 3, "large"), ("words", 4, "small"), ("numbers", 2, "large"), ("numbers", 3, "small")],
)
def test_a_feature_of_the_prompt_chooses(with_models, by, threshold, model):
    """`What is 6*7?` has 3 words and 2 numbers; from the threshold on the second model answers."""
    record = with_models(f"router:{MODELS},route_by={by},threshold={threshold}", {"small": "42", "large": "42"})
    assert [(c["role"], c["model"]) for c in record.transcript] == [("answer", model)]
    assert record.answer_metadata == {"chosen": f"own:{model}", "value": 3 if by == "words" else 2}
