"""Every architecture of mlx-lm that can be built small: all probes pass, or are refused with the reason."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import mlx.core as mx
import mlx_lm.models
import numpy as np
import pytest
from support.small_models import CONFIG, small_model, token_ids

from pytest_hiddenlayer.probes.hooks import ModelHooks
from pytest_hiddenlayer.probes.verification import PROBES, verify

MORE: dict[str, Any] = {
    "rope_scaling": None, "attention_bias": False, "mlp_bias": False, "partial_rotary_factor": 0.5,
    "layer_norm_epsilon": 1e-5, "layer_norm_eps": 1e-5, "norm_eps": 1e-5, "norm_epsilon": 1e-5, "hidden_act": "silu",
    "n_embd": 64, "n_ctx": 512, "n_head": 4, "n_layer": 4, "n_positions": 512, "rotary_dim": 8, "n_inner": 128,
    "num_layers": 4, "d_model": 64, "n_layers": 4, "n_heads": 4, "max_sequence_length": 512, "embedding_size": 320,
    "logits_scaling": 8.0, "attention_multiplier": 0.1, "embedding_multiplier": 12.0, "residual_multiplier": 0.22,
    "logit_scale": 0.0625, "use_qk_norm": False, "post_norm": False, "qk_norm": True, "rotary_emb_base": 10_000,
    "num_experts": 4, "num_local_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32,
    "n_routed_experts": 4, "shared_expert_intermediate_size": 32, "n_shared_experts": 1, "num_shared_experts": 1,
    "first_k_dense_replace": 1, "decoder_sparse_step": 1, "mlp_only_layers": [], "norm_topk_prob": True,
    "use_bias": False, "qkv_bias": False, "no_bias": True, "use_parallel_residual": False, "rotary_pct": 0.5,
    "layer_types": ["full_attention"] * 4, "dim_model_base": 64, "scale_depth": 1.4, "scale_emb": 12,
    "q_lora_rank": 16, "kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 16,
    "moe_layer_freq": 1, "topk_group": 1, "n_group": 1, "routed_scaling_factor": 1.0, "topk_method": "noaux_tc",
    "scoring_func": "sigmoid", "ffn_dim": 128, "bias": False, "use_qkv_bias": False, "full_attention_interval": 2,
    "linear_num_value_heads": 4, "linear_num_key_heads": 2, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
    "linear_conv_kernel_dim": 4, "n_kv_heads": 2, "rope_interleaved": False, "moe_num_experts": 4,
}  # fmt: skip
OWN: dict[str, dict[str, Any]] = {
    "gpt_oss": {"layer_types": ["sliding_attention", "full_attention"] * 2},
    "exaone4": {"sliding_window_pattern": "LLGG", "layer_types": None},
    "gptj": {"n_embd": 64, "rotary_dim": 8, "head_dim": 16},
    "gemma4_text": {
        "layer_types": ["sliding_attention", "full_attention"] * 2, "num_kv_shared_layers": 0,
        "hidden_size_per_layer_input": 0, "global_head_dim": 16,
    },
    "ministral3": {"rope_parameters": {"rope_theta": 10_000.0, "rope_type": "default",
                                       "llama_4_scaling_beta": 0.1, "original_max_position_embeddings": 64}},
    "gemma3n": {
        "num_kv_shared_layers": 0, "vocab_size_per_layer_input": 300, "final_logit_softcapping": 30.0,
        "activation_sparsity_pattern": [0.0] * 4, "hidden_size_per_layer_input": 16, "altup_active_idx": 0,
        "altup_coef_clip": 120.0, "altup_correct_scale": True, "altup_num_inputs": 2, "laurel_rank": 8,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    },
    "gpt_bigcode": {"n_inner": 128, "multi_query": True},
    "granitemoehybrid": {"shared_intermediate_size": 64, "layer_types": ["attention"] * 4},
    "jamba": {"attn_layer_offset": 1, "attn_layer_period": 2, "expert_layer_offset": 1, "expert_layer_period": 2,
              "mamba_d_conv": 4, "mamba_d_state": 8, "mamba_expand": 2, "mamba_dt_rank": 4, "mamba_proj_bias": False,
              "mamba_conv_bias": True},
    "llama4": {"attention_chunk_size": 16, "interleave_moe_layer_step": 2, "intermediate_size_mlp": 128,
               "num_experts_per_tok": 1},
    "llama4_text": {"intermediate_size_mlp": 128, "no_rope_layers": [1, 1, 1, 0], "use_qk_norm": True},
    "lfm2_moe": {"use_expert_bias": True, "num_dense_layers": 1, "conv_bias": False, "conv_L_cache": 3,
                 "layer_types": ["conv", "full_attention"] * 2},
    "lfm2": {"layer_types": None, "full_attn_idxs": [1, 3], "conv_bias": False, "conv_L_cache": 3, "block_dim": 64,
             "block_multiple_of": 32, "block_ffn_dim_multiplier": 1.0, "block_auto_adjust_ff_dim": False},
    "hunyuan": {"moe_topk": 1, "num_shared_expert": 1, "use_mixed_mlp_moe": False, "use_cla": False,
                "cla_share_factor": 1},
}  # fmt: skip
COMPLETE = [
    "Klear", "cohere", "cohere2", "deepseek", "deepseek_v3", "dots1", "ernie4_5", "gemma", "gemma2", "gemma3_text",
    "glm", "glm4", "glm4_moe", "gpt2", "gpt_oss", "granite", "granitemoe", "helium", "hunyuan_v1_dense", "internlm2",
    "internlm3", "llama", "mimo", "minicpm", "mixtral", "nanochat", "nemotron", "olmo2", "phi3", "qwen2", "qwen3",
    "smollm3",
]  # fmt: skip
"""Architectures that must pass every check; others may be refused."""
NAMES = sorted(module.name for module in pkgutil.iter_modules(mlx_lm.models.__path__) if module.name != "olmo")


def built(name):
    """Return a small model; skip if this architecture needs another configuration, or another device."""
    try:
        module = importlib.import_module(f"mlx_lm.models.{name}")
        config = {**MORE, **OWN.get(name, {})}
        if "text_config" in inspect.signature(module.ModelArgs).parameters:
            config["text_config"] = {**CONFIG, **config, "model_type": "llama" if name in LLAMA_INSIDE else name}
        model = small_model(name, **config)
        mx.eval(model(token_ids(8)))
    except Exception as error:  # of any model's code
        if name in COMPLETE:
            raise
        pytest.skip(f"not built small: {type(error).__name__}: {error}")
    return model


LLAMA_INSIDE = {"mistral3", "pixtral"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_every_probe_passes_or_is_refused_with_the_reason(name, record_property):
    """The named architectures pass every check; of all others, each probe is offered or has a reason."""
    verification = verify(built(name))
    record_property("offered", " ".join(verification.offered))
    print(verification)
    if name in COMPLETE:
        assert verification.offered == PROBES, str(verification)
    assert set(verification.offered) | set(verification.refused) == set(PROBES)
    assert all("check `" in reason or "not found" in reason or "no layer" in reason
               for reason in verification.refused.values())  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_offered_weights_are_those_of_decoding(name):
    """Attention weights of a decoded token, put at their keys' positions, are those of the whole text."""
    model, ids = built(name), token_ids(24)
    if "attention_weights" not in verify(model).offered:
        pytest.skip("refused")
    with ModelHooks(model, read=["attention_weights"]) as whole:
        logits = model(ids)
        mx.eval([call.weights for call in whole.attention.values()])
    decoded, last = _decoded(model, ids)
    if not mx.allclose(last, logits[:, -1], atol=1e-3 * float(mx.abs(logits).max().item())).item():
        pytest.skip("decoding with a cache gives other logits")
    for layer, call in decoded.items():
        row = np.zeros(ids.shape[1], np.float32) if call.key_positions is not None else None
        weights = np.array(call.weights)[0, :, -1]
        for head, found in enumerate(weights):
            if row is not None:
                row = np.zeros(ids.shape[1], np.float32)
                row[call.key_positions] = found
                found = row
            expected = np.array(whole.attention[layer].weights)[0, head, -1]
            assert np.abs(found - expected).max() < 1e-3, (layer, head)


def _decoded(model, ids):
    from mlx_lm.models.cache import make_prompt_cache

    cache = make_prompt_cache(model)
    model(ids[:, :10], cache=cache)
    for position in range(10, ids.shape[1]):
        with ModelHooks(model, read=["attention_weights"]) as hooks:
            logits = model(ids[:, position : position + 1], cache=cache)
            mx.eval(logits, [call.weights for call in hooks.attention.values()])
    return hooks.attention, logits[:, -1]
