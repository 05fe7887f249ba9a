"""Probes from Python, on the bundled model and on smollm2 where it was fetched."""

from __future__ import annotations

import numpy as np
import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

import pytest_hiddenlayer as hl
from pytest_hiddenlayer.models.fetch import is_cached
from pytest_hiddenlayer.models.known import KNOWN
from pytest_hiddenlayer.probes.verification import PROBES

WHAT = ["attention_weights", "lens", "residual_post"]


@pytest.fixture(scope="module")
def bundled():
    """The bundled model."""
    return hl.load_probe_model()


def test_a_capture_names_model_tokens_and_answer(bundled):
    """Token texts are those of prompt and answer, and the answer begins at `n_prompt`."""
    captured = bundled.capture("Calculate 17+25.", answer="42", what=WHAT)
    texts = captured.token_texts
    assert "".join(texts[captured.n_prompt :]) == "42"
    assert "17+25" in "".join(texts[: captured.n_prompt])
    assert captured.metadata["model"] == bundled.name
    assert captured.metadata["fingerprint"] == bundled.fingerprint != ""
    assert captured.rollout().shape == (len(texts), len(texts))


def test_the_bundled_model_passes_every_check(bundled):
    """Every probe is offered for the bundled model."""
    assert bundled.verify().offered == PROBES, str(bundled.verify())


def test_wrong_messages_are_refused(bundled):
    """A message without content is a usage error."""
    with pytest.raises(hl.UsageError, match="lacks `role` or `content`"):
        bundled.capture([{"role": "user"}])


@pytest.mark.slow
@pytest.mark.skipif(not is_cached(KNOWN["smollm2"]), reason="run `hiddenlayer models get smollm2` first")
def test_smollm2_passes_every_check():
    """A real pretrained model passes, and at its last layer the lens finds the capital that it predicts."""
    model = hl.load_probe_model("smollm2")
    assert model.verify().offered == PROBES, str(model.verify())
    captured = model.capture("What is the capital of France?", answer="The capital of France is Paris", what=WHAT)
    paris = captured.token_texts.index(" Paris")
    top = captured["lens_top_ids"][:, paris - 1, 0]
    assert model.tokenizer.token_text(int(top[-1])) == " Paris"
    assert model.tokenizer.token_text(int(top[0])) != " Paris"
    assert np.isfinite(captured["attention_weights"]).all()


def test_a_notebook_shows_shapes_and_proof_not_numbers(bundled):
    """A model, a capture and a verification show themselves in a line or as their table."""
    captured = bundled.capture("Calculate 17+25.", answer="42", what="lens, attention_weights")
    assert repr(bundled) == "ProbeModel('nano-2', n_layers=6)"
    assert repr(captured).startswith("Capture(13 tokens, 11 of the prompt; ")
    assert "attention_weights [6, " in repr(captured)
    assert "ok     lens_last" in repr(bundled.verify())


def test_a_name_may_be_that_of_a_table():
    """`mlx:nano-2`, as tables of runs write it, is nano-2."""
    assert hl.load_probe_model("mlx:nano-2").name == "nano-2"


def test_a_probe_model_in_place_of_its_model_is_refused(bundled):
    """Functions of the loaded model say what to pass; there is no AttributeError."""
    with pytest.raises(hl.UsageError, match=r"got ProbeModel; pass `load_probe_model\(NAME\).model`"):
        hl.ModelHooks(bundled, read=["mlp"])
    with pytest.raises(hl.UsageError, match="got ProbeModel"):
        hl.patch_sweep(bundled, [1, 2, 3], [1, 2, 3], hl.Target(token=1))


def test_a_file_that_is_no_capture_is_not_to_be_loaded_unsafely(tmp_path):
    """The error does not pass on numpy's advice to unpickle the file."""
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(hl.UsageError, match="holds something else than arrays") as raised:
        hl.load_capture(tmp_path / "text.npz")
    assert "pickle" not in str(raised.value)
