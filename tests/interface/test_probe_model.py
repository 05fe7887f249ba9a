"""A local model, opened to look inside."""

from __future__ import annotations

import numpy as np
import pytest

import pytest_hiddenlayer as hl


@pytest.fixture(scope="module")
def model() -> hl.ProbeModel:
    """The bundled model."""
    return hl.load_probe_model()


def test_it_answers_as_the_model_does(model):
    """The greedy answer is that of `llm_call`, and the model has its six layers."""
    question = "Compute 123+456. Answer only."
    assert model.generate(question) == hl.llm_call(question, provider="mlx").text == "579"
    assert model.n_layers == 6


def test_the_last_early_token_is_the_answer(model):
    """After the last layer the next token is the model's own; after the first it is not yet."""
    ids = model.prompt_ids("Compute 123+456. Answer only.")
    early = model.early_tokens([ids, ids])
    assert early.shape == (6, 2, len(ids))
    assert model.token_texts(early[:, 0, -1])[-1] == "5"
    assert model.token_texts(early[:, 0, -1])[0] != "5"


def test_activations_have_names_and_shapes(model):
    """Six layers, [prompts, tokens, width], finite."""
    found = model.activations([model.text_ids("1+2"), model.text_ids("3+4")])
    assert list(found) == [0, 1, 2, 3, 4, 5]
    assert found[0].shape == (2, 3, 128)
    assert np.isfinite(found[5]).all()


def test_wrong_names_and_unequal_prompts_are_one_sentence(model):
    """A model that does not exist, and prompts of different lengths, are usage errors."""
    with pytest.raises(hl.UsageError):
        hl.load_probe_model("no-such-model")
    with pytest.raises(hl.UsageError, match=r"the same number of tokens in each; found \[1, 3\]"):
        model.activations([[1], [1, 2, 3]])
