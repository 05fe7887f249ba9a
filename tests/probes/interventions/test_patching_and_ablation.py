"""Patching and ablation of small random models, whose right answers are known."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from support.small_models import small_model

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.probes.hooks import SITES, ModelHooks
from pytest_hiddenlayer.probes.interventions.ablation import ablated, ablation_sweep, mean_activations
from pytest_hiddenlayer.probes.interventions.patching import patch_sweep, patched_logits
from pytest_hiddenlayer.probes.interventions.target import Target

A, B = [5, 17, 200, 31, 8, 90, 41, 2, 77], [5, 17, 111, 31, 8, 12, 41, 2, 77]  # differ at 2 and 5
TARGET = Target(token=7, against=9)


def logits(model, ids):
    """The logits of one prompt."""
    return model(mx.array([ids]))


@pytest.mark.parametrize("name", ["llama", "qwen3", "gemma2"])
def test_patching_a_run_with_itself_changes_nothing(name):
    """At every site and layer, the logits are the same bit for bit, and every effect of a sweep is 0."""
    model = small_model(name)
    for site in SITES:
        layers = [0] if site == "embeddings" else [0, 1, 2, 3]
        assert mx.array_equal(patched_logits(model, A, A, site=site, layers=layers), logits(model, A))
        sweep = patch_sweep(model, A, A, TARGET, site=site, layers=layers, batch=4)
        assert sweep.effects.shape == (len(layers), 9)
        assert not sweep.effects.any()


@pytest.mark.parametrize("name", ["llama", "gemma3_text"])
@pytest.mark.parametrize("site", ["embeddings", "residual_pre", "residual_post"])
def test_patching_all_tokens_gives_the_other_run(name, site):
    """With all of run A's embeddings, or its residual stream, run B has exactly the logits of A."""
    model = small_model(name)
    assert mx.array_equal(patched_logits(model, A, B, site=site, layers=[0]), logits(model, A))
    assert not mx.array_equal(logits(model, B), logits(model, A))


def test_a_sweep_has_the_effects_of_single_patches():
    """Each number of a batched sweep is that of one patch alone; tokens before the first difference have none."""
    model = small_model("qwen3")
    sweep = patch_sweep(model, A, B, TARGET, batch=5)
    base = TARGET.of(logits(model, B))[0]
    for layer in range(4):
        for place in range(9):
            alone = TARGET.of(patched_logits(model, A, B, layers=[layer], positions=[place]))[0]
            assert sweep.effects[layer, place] == pytest.approx(alone - base, abs=1e-3)
    assert not sweep.effects[:, :2].any()
    assert sweep.effects[3, -1] == pytest.approx(sweep.source - sweep.base, abs=1e-3)
    assert sweep.recovered[3, -1] == pytest.approx(1, abs=1e-3)
    assert sweep.effects[3, :-1] == pytest.approx(0, abs=1e-3)


def test_the_log_probability_is_a_target_too():
    """Without another token, the target is the log-probability after the softmax."""
    model = small_model("llama")
    row = np.array(logits(model, A)[0, -1], dtype=float)
    assert Target(token=7).of(logits(model, A))[0] == pytest.approx(row[7] - np.log(np.exp(row).sum()), abs=1e-4)


def test_ablating_the_only_writers_leaves_the_embeddings():
    """With attention and MLP of every layer at zero, the last residual stream is the embeddings; then all is back."""
    model = small_model("llama")
    before, layers = logits(model, A), [0, 1, 2, 3]
    with (
        ablated(model, "attention", layers=layers),
        ablated(model, "mlp", layers=layers),
        ModelHooks(model, read=["embeddings", "residual_post"]) as hooks,
    ):
        logits(model, A)
    assert mx.array_equal(hooks.values["residual_post", 3], hooks.values["embeddings", 0])
    assert mx.array_equal(logits(model, A), before)


def test_ablating_all_heads_is_ablating_attention():
    """Without heads there is nothing to project, and the heads' effects are not all the same."""
    model = small_model("llama")
    with ablated(model, "heads", layers=[1], heads=[0, 1, 2, 3]):
        by_head = logits(model, A)
    with ablated(model, "attention", layers=[1]):
        assert mx.allclose(logits(model, A), by_head, atol=1e-4)
    sweep = ablation_sweep(model, A, TARGET, by="head")
    assert sweep.parts == ("head 0", "head 1", "head 2", "head 3")
    assert len(set(np.round(sweep.effects[1], 6))) == 4


def test_one_head_is_its_own_slice():
    """Only the slice of the ablated head is zero; the slices of the others are as they were."""
    model = small_model("qwen3")
    with ModelHooks(model, read=["heads"], layers=[0]) as whole:
        logits(model, A)
    with ablated(model, "heads", layers=[0], heads=[2]), ModelHooks(model, read=["heads"], layers=[0]) as hooks:
        logits(model, A)
    left, before = hooks.values["heads", 0], whole.values["heads", 0]
    assert not left[..., 32:48].any()
    assert mx.array_equal(left[..., :32], before[..., :32])
    assert mx.array_equal(left[..., 48:], before[..., 48:])


def test_the_mean_is_that_of_all_tokens():
    """Mean ablation puts in the mean over every token of the prompts; of a single token it changes nothing."""
    model = small_model("llama")
    means = mean_activations(model, [A, B[:4]], "mlp")
    with ModelHooks(model, read=["mlp"]) as hooks:
        logits(model, A)
        first = hooks.values["mlp", 2][0]
        logits(model, B[:4])
        rows = mx.concatenate([first, hooks.values["mlp", 2][0]])
    assert mx.allclose(means[2], rows.mean(axis=0), atol=1e-4)
    alone = {site: mean_activations(model, [[5]], site) for site in ("attention", "mlp")}
    sweep = ablation_sweep(model, [5], TARGET, means=alone)
    assert (sweep.replaced_by, sweep.parts) == ("mean", ("attention", "mlp"))
    assert not sweep.effects.any()
    assert ablation_sweep(model, [5], TARGET).effects.any()


def test_an_error_inside_leaves_the_model_as_it_was():
    """After a failed patch the logits are those from before."""
    model = small_model("llama")
    before = logits(model, A)
    with pytest.raises(ZeroDivisionError), ablated(model, "mlp", layers=[0]):
        _ = 1 / 0
    assert mx.array_equal(logits(model, A), before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda model: patched_logits(model, A[:3], A, layers=[0]), "the source has 3, the other 9"),
        (lambda model: patched_logits(model, A, B, layers=[0], positions=[9]), r"positions=\[9\].*0 to 8"),
        (lambda model: patched_logits(model, A, B, layers=[4]), "layers 0 to 3"),
        (lambda model: patch_sweep(model, [], [], TARGET), "got none"),
        (lambda model: patch_sweep(model, "1+2", "1+3", TARGET), "got the text '1\\+2': pass `prompt_ids"),
        (lambda model: patch_sweep(model, A, B, Target(token="5")), "target token='5': pass the id of a token"),
        (lambda model: ablation_sweep(model, A, Target(token=10**6)), "target token=1000000: pass the id"),
        (lambda model: ablation_sweep(model, A, Target(token=5, position=9)), "target position=9: the prompt has 9"),
        (lambda model: patch_sweep(model, A, B, TARGET, site="residuals"), "did you mean"),
        (lambda model: patch_sweep(model, A, A, TARGET).recovered, "two runs whose target differs"),
        (lambda model: ablated(model, "residual_post", layers=[0]), "cannot be ablated"),
        (lambda model: ablated(model, "heads", layers=[0], heads=[4]), "heads 0 to 3"),
        (lambda model: ablated(model, "mlp", layers=[0], heads=[1]), "belong to site 'heads'"),
        (lambda model: mean_activations(model, [], "mlp"), "got none"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(call, message):
    """Unequal lengths, and layers, tokens, sites and heads that do not exist, are usage errors."""
    with pytest.raises(UsageError, match=message):
        call(small_model("llama"))
