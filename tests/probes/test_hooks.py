"""Arrays inside small random models are read and replaced, and the models stay as they are."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from mlx_lm.models.cache import make_prompt_cache
from support.small_models import small_model, token_ids

from pytest_hiddenlayer.errors import ProbeError, UsageError
from pytest_hiddenlayer.probes.attention.calls import key_positions
from pytest_hiddenlayer.probes.hooks import SITES, ModelHooks

ARCHITECTURES = ["llama", "qwen2", "qwen3", "gemma2", "gemma3_text", "phi3", "olmo2", "smollm3"]


def classes(model):
    return [type(module) for _, module in model.named_modules()]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_reading_changes_nothing(name):
    """Logits with every site read are bit-identical to those without, and every class comes back."""
    model, ids = small_model(name), token_ids(24)
    before, original = model(ids), classes(model)
    with ModelHooks(model, read=[*SITES, "attention_weights"]) as hooks:
        during = model(ids)
    assert mx.array_equal(before, during)
    assert classes(model) == original
    assert set(hooks.counts.values()) == {1}
    assert len(hooks.values) == 5 * 4 + 1
    assert len(hooks.attention) == 4


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_what_is_read_adds_up(name):
    """Embeddings plus the outputs of attention and MLP of all layers are the last residual stream."""
    model = small_model(name)
    with ModelHooks(model, read=["embeddings", "attention", "mlp", "residual_post"]) as hooks:
        model(token_ids(24))
    parts = [hooks.values[site, layer] for site in ("attention", "mlp") for layer in range(4)]
    total = hooks.values["embeddings", 0] + sum(parts)
    last = hooks.values["residual_post", 3]
    assert (mx.abs(total - last).max() / mx.abs(last).max()).item() < 1e-5


def test_replacing_the_residual_stream_patches_the_model():
    """A run whose residual stream is replaced by that of another text gives the other text's logits."""
    model, ids, others = small_model("llama"), token_ids(24), token_ids(24, seed=1)
    with ModelHooks(model, read=["residual_post"], layers=[2]) as hooks:
        expected = model(others)
    with ModelHooks(model, replace={"residual_post": lambda layer, site, x: hooks.values[site, layer]}, layers=[2]):
        patched = model(ids)
    assert mx.array_equal(patched, expected)
    assert not mx.array_equal(model(ids), expected)


@pytest.mark.parametrize("site", ["embeddings", "residual_pre", "heads", "attention", "mlp", "residual_post"])
def test_every_site_can_be_replaced(site):
    """A function that zeroes a site in layer 0 is called with layer, site and array, and changes the logits."""
    model, ids, seen = small_model("gemma3_text"), token_ids(12), []

    def zero(layer, name, array):
        seen.append((layer, name, array.ndim))
        return mx.zeros_like(array)

    with ModelHooks(model, replace={site: zero}, layers=[0]):
        changed = model(ids)
    assert seen == [(0, site, 3)]
    assert not mx.allclose(changed, model(ids))


def test_an_inner_hook_reads_what_an_outer_one_replaced():
    """Nested hooks act in the order in which they were entered."""
    model = small_model("llama")
    outer = ModelHooks(model, replace={"mlp": lambda layer, site, x: mx.ones_like(x)})
    with outer, ModelHooks(model, read=["mlp"]) as inner:
        model(token_ids(6))
    assert all(mx.array_equal(value, mx.ones_like(value)) for value in inner.values.values())


def test_hooks_that_end_in_any_order_restore_the_model():
    """Hooks that were entered first may end first; afterwards the model has its own classes."""
    model = small_model("llama")
    original = classes(model)
    first, second = ModelHooks(model, read=["mlp"]), ModelHooks(model, read=["mlp", "attention_weights"])
    first.__enter__()
    second.__enter__()
    first.__exit__()
    model(token_ids(6))
    second.__exit__()
    assert classes(model) == original
    assert not first.values
    assert len(second.values) == 4


def test_an_error_while_hooked_restores_the_model():
    """After an error inside the model, classes, functions and logits are as before."""
    model, ids = small_model("llama"), token_ids(6)
    before, original = model(ids), classes(model)
    attend = type(model.layers[0].self_attn).__call__.__globals__["scaled_dot_product_attention"]

    def fail(layer, site, array):
        raise RuntimeError("in the middle")

    with (
        pytest.raises(RuntimeError, match="in the middle"),
        ModelHooks(model, read=["attention_weights"], replace={"mlp": fail}, layers=[2]),
    ):
        model(ids)
    assert classes(model) == original
    assert type(model.layers[0].self_attn).__call__.__globals__["scaled_dot_product_attention"] is attend
    assert mx.array_equal(model(ids), before)


def test_hooks_cannot_be_entered_twice():
    """Entering the same hooks again is an error that says what to do, and they still end properly."""
    model = small_model("llama")
    original = classes(model)
    with ModelHooks(model, read=["mlp"]) as hooks, pytest.raises(ProbeError, match="create a second ModelHooks"):
        hooks.__enter__()
    assert classes(model) == original


def test_attributes_of_a_hooked_layer_exist():
    """A layer keeps its attributes and its type while it is hooked: models read `use_sliding` from it."""
    model = small_model("llama", layer_types=["full_attention", "sliding_attention"] * 2)
    layer, cls = model.layers[1], type(model.layers[1])
    with ModelHooks(model, read=["residual_post"]):
        assert layer.use_sliding
        assert isinstance(layer, cls)
        assert type(layer).__name__ == cls.__name__


def test_other_threads_see_no_hooks():
    """A forward pass on another thread is neither read nor changed."""
    import threading

    model, ids, logits = small_model("llama"), token_ids(6), []
    expected = model(ids)
    mx.eval(expected)

    def run():
        with mx.stream(mx.new_stream(mx.cpu)):
            logits.append(mx.array_equal(model(ids), expected).item())

    with ModelHooks(model, read=["attention_weights"], replace={"mlp": lambda layer, site, x: 0 * x}) as hooks:
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert logits == [True]
    assert not hooks.attention


def test_operations_in_place_do_not_change_what_was_read():
    """An array that the model goes on to change in place is kept as it was read."""
    model, ids = small_model("llama"), token_ids(6)

    def double(layer, site, array):
        array *= 2
        return array

    reading = ModelHooks(model, read=["residual_post"], layers=[1])
    with reading as outer, ModelHooks(model, replace={"residual_post": double}, layers=[1]):
        model(ids)
    with ModelHooks(model, read=["residual_post"], layers=[1]) as plain:
        model(ids)
    assert mx.array_equal(outer.values["residual_post", 1], plain.values["residual_post", 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"read": ["residual"]}, "did you mean 'residual_"),
        ({"replace": {"attention_weights": None}}, "'attention_weights' cannot be replaced"),
        ({"read": ["mlp"], "layers": [4]}, "layers 0 to 3"),
    ],
)
def test_a_wrong_argument_is_refused(arguments, message):
    """Unknown sites and layers are usage errors that say what exists."""
    with pytest.raises(UsageError, match=message):
        ModelHooks(small_model("llama"), **arguments)


@pytest.mark.parametrize("wrong", [lambda layer, site, x: None, lambda layer, site, x: x[:, :1]])
def test_a_replacement_of_another_shape_is_refused(wrong):
    """A function that returns something else than an array of the same shape is named with layer and shape."""
    model = small_model("llama")
    hooks = ModelHooks(model, replace={"mlp": wrong})
    with pytest.raises(UsageError, match=r"'mlp' in layer 0.*shape \(1, 6, 64\)"), hooks:
        model(token_ids(6))


def test_a_model_of_four_bits_is_hooked():
    """Quantized weights change nothing about hooks."""
    import mlx.nn as nn

    model, ids = small_model("llama"), token_ids(12)
    nn.quantize(model, group_size=32, bits=4)
    before = model(ids)
    with ModelHooks(model, read=[*SITES, "attention_weights"]) as hooks:
        assert mx.array_equal(model(ids), before)
    assert len(hooks.attention) == 4


@pytest.mark.parametrize("name", ["llama", "gemma2", "gemma3_text"])
def test_weights_of_a_rotating_cache_say_where_their_keys_are(name):
    """Weights read while decoding with a cache, put at their keys' positions, are those of the whole text."""
    model, ids = small_model(name), token_ids(24)
    with ModelHooks(model, read=["attention_weights"]) as whole:
        model(ids)
    cache = make_prompt_cache(model)
    model(ids[:, :10], cache=cache)
    for position in range(10, 24):
        with ModelHooks(model, read=["attention_weights"]) as hooks:
            mx.eval(model(ids[:, position : position + 1], cache=cache))
    rotated = [layer for layer, call in hooks.attention.items() if call.key_positions is not None]
    assert rotated == ([0, 2] if name == "gemma3_text" else [])
    for layer, call in hooks.attention.items():
        found = np.zeros((4, 24), np.float32)
        positions = np.arange(24) if call.key_positions is None else call.key_positions
        found[:, positions] = np.array(call.weights)[0, :, -1]
        assert np.abs(found - np.array(whole.attention[layer].weights)[0, :, -1]).max() < 1e-4


@pytest.mark.parametrize("bits", [8, 4])
def test_weights_over_a_quantized_cache_rebuild_what_was_computed(bits):
    """With keys and values of 4 or 8 bits, weights times the values in the cache are the heads' outputs."""
    from mlx_lm.models.cache import QuantizedKVCache

    model, ids = small_model("llama", head_dim=32, hidden_size=128), token_ids(24)
    caches = [QuantizedKVCache(group_size=32, bits=bits) for _ in model.layers]
    model(ids[:, :10], cache=caches)
    with ModelHooks(model, read=["attention_weights", "heads"]) as hooks:
        mx.eval(model(ids[:, 10:], cache=caches))
    for layer, call in hooks.attention.items():
        stored = (part[..., :24, :] for part in caches[layer].values)
        values = mx.repeat(mx.dequantize(*stored, group_size=32, bits=bits), 2, axis=1)
        rebuilt = (call.weights @ values).transpose(0, 2, 1, 3).reshape(1, 14, -1)
        heads = hooks.values["heads", layer]
        assert mx.allclose(rebuilt, heads, atol=5e-5 * float(mx.abs(heads).max())).item()
        assert mx.allclose(call.weights.sum(axis=-1), mx.ones(call.weights.shape[:3]), atol=1e-5).item()


def test_weights_of_a_chunked_cache_say_where_their_keys_are():
    """A cache that drops all keys before the last 16 has weights for the other positions."""
    from mlx_lm.models.cache import ChunkedKVCache

    cache = ChunkedKVCache(16)
    for n in (10, 10):
        cache.maybe_trim_front()
        keys, _ = cache.update_and_fetch(mx.zeros((1, 2, n, 16)), mx.zeros((1, 2, n, 16)))
    assert key_positions(cache, keys.shape[2]) is None  # 20 keys, from 0 on
    cache.maybe_trim_front()
    keys, _ = cache.update_and_fetch(mx.zeros((1, 2, 1, 16)), mx.zeros((1, 2, 1, 16)))
    assert key_positions(cache, keys.shape[2]).tolist() == list(range(4, 21))
