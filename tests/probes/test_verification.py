"""The proof on the model at hand: right models pass, wrong ones are refused with the check and its numbers."""

from __future__ import annotations

import mlx.core as mx
import mlx.nn as nn
import pytest
from support.small_models import small_model, token_ids

from pytest_hiddenlayer.errors import ProbeError
from pytest_hiddenlayer.probes.attention import calls, softcap
from pytest_hiddenlayer.probes.checks import reach
from pytest_hiddenlayer.probes.hooks import ModelHooks
from pytest_hiddenlayer.probes.verification import PROBES, verify

ARCHITECTURES = ["llama", "qwen2", "qwen3", "gemma2", "gemma3_text", "phi3", "olmo2", "smollm3", "gpt_oss"]


def measured(verification):
    return {check.name: check.measured for check in verification.checks}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_everything_is_offered(name):
    """In single precision every probe of the named architectures passes: logits bit-identical, attention to 5e-5."""
    verification = verify(small_model(name))
    assert verification.offered == PROBES, str(verification)
    values = measured(verification)
    assert values["logits_unchanged"] == values["restored"] == values["lens_last"] == values["look_ahead"] == 0
    assert values["rebuilt"] <= 5e-5
    assert values["rows"] <= 1e-5


@pytest.mark.parametrize("dtype", [mx.float16, mx.bfloat16])
@pytest.mark.parametrize("name", ["llama", "gemma2", "gemma3_text"])
def test_half_precision_passes_with_a_larger_tolerance(name, dtype):
    """Models in half precision pass; their tolerances are the stated ones."""
    model = small_model(name)
    model.set_dtype(dtype)
    verification = verify(model)
    assert verification.offered == PROBES, str(verification)
    assert verification.precision == str(dtype).removeprefix("mlx.core.")


@pytest.mark.parametrize("name", ["llama", "qwen3", "gemma2", "gemma3_text"])
def test_weights_of_four_bits_pass(name):
    """A quantized model with activations in single precision meets the tolerance of single precision."""
    model = small_model(name)
    nn.quantize(model, group_size=32, bits=4)
    verification = verify(model)
    assert verification.offered == PROBES, str(verification)
    assert measured(verification)["rebuilt"] <= 5e-5


def test_sliding_windows_are_exercised():
    """Layers with a window of 8 reach back 7 tokens, the others to the first token."""
    model = small_model("gemma3_text")
    with ModelHooks(model, read=["attention_weights"]) as hooks:
        model(token_ids(24))
    farthest = [reach(call.weights) for call in hooks.attention.values()]
    assert farthest == [7, 23, 7, 23]
    assert measured(verify(model))["windows"] == 0


@pytest.mark.parametrize("mistake", ["scale", "mask", "keys"])
def test_wrong_attention_is_refused_and_the_lens_is_offered(mistake, monkeypatch):
    """Attention computed with another scale, without the mask or from other keys is refused with its numbers."""
    right = calls.attention_weights

    def wrong(queries, keys, *, scale, mask, **others):
        changed = {"scale": scale, "mask": mask, "keys": keys}
        changed[mistake] = {"scale": scale * 1.01, "mask": None, "keys": keys[:, ::-1]}[mistake]
        return right(queries, changed["keys"], scale=changed["scale"], mask=changed["mask"], **others)

    monkeypatch.setattr(calls, "attention_weights", wrong)
    verification = verify(small_model("llama"))
    assert "check `rebuilt` failed" in verification.refused["attention_weights"]
    assert {"lens", "residual_post", "mlp"} <= set(verification.offered)
    with pytest.raises(
        ProbeError, match=r"attention_weights of this model \(llama\): refused: check `rebuilt`.*> 5e-05"
    ):
        verification.require(["lens", "attention_weights"])


def test_a_forgotten_soft_cap_is_refused(monkeypatch):
    """gemma2's attention without its soft-cap does not rebuild what the model computed."""
    right = softcap.attention_weights
    monkeypatch.setattr(softcap, "attention_weights", lambda *a, soft_cap, **k: right(*a, **k))
    assert "check `rebuilt` failed" in verify(small_model("gemma2")).refused["attention_weights"]


def test_a_model_that_looks_ahead_is_refused(monkeypatch):
    """A model without a causal mask gets no teacher-forced log-probabilities: later tokens change earlier logits."""
    model = small_model("llama")
    scope = type(model.model).__call__.__globals__
    monkeypatch.setitem(scope, "create_attention_mask", lambda h, cache=None, **_: mx.zeros((1, 1, 1, 1)))
    verification = verify(model)
    assert "check `later_tokens` failed" in verification.refused["token_logprobs"]
    assert verification.offered == ()


def test_layers_that_share_a_module_are_refused():
    """A model that runs one layer several times is refused, since its layers could not be told apart."""
    model = small_model("llama")
    model.model.layers[2] = model.model.layers[1]
    verification = verify(model)
    assert verification.offered == ()
    assert "runs one layer several times" in verification.refused["lens"]


def test_a_block_that_is_not_additive_refuses_its_parts_only(monkeypatch):
    """If attention and MLP outputs do not add up to the residual stream, they are refused; the lens is offered."""
    model = small_model("llama")
    monkeypatch.setattr(type(model.layers[0]), "__call__", _not_additive)
    verification = verify(model)
    assert set(verification.refused) == {"attention", "mlp"}
    assert "check `additive` failed" in verification.refused["mlp"]


def _not_additive(self, x, mask=None, cache=None):
    h = x + self.self_attn(self.input_layernorm(x), mask, cache)
    return 0.5 * h + self.mlp(self.post_attention_layernorm(h))


def test_a_constant_multiplier_is_found():
    """A model that multiplies what layers add says by how much, and passes."""
    model = small_model("granite", residual_multiplier=0.22, **GRANITE)
    verification = verify(model)
    assert verification.offered == PROBES, str(verification)
    assert verification.residual_multiplier == pytest.approx(0.22, rel=1e-4)


GRANITE = {
    "logits_scaling": 8.0,
    "attention_multiplier": 0.1,
    "embedding_multiplier": 12.0,
    "attention_bias": False,
    "mlp_bias": False,
}


def test_a_model_is_measured_once():
    """The second verification is the first one's result, until a module of the model is exchanged."""
    model = small_model("llama")
    first = verify(model)
    assert verify(model) is first
    nn.quantize(model, group_size=32, bits=4)
    assert verify(model) is not first


def test_a_hooked_model_is_not_measured():
    """Verification inside hooks is refused: it would measure what they replace."""
    model = small_model("llama")
    with ModelHooks(model, read=["mlp"]), pytest.raises(ProbeError, match="before the `with` block"):
        verify(model)
