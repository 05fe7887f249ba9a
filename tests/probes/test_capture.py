"""Captures: names, shapes, alignment with the decoder, memory limits and files."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest
from support.small_models import small_model, token_ids

from pytest_hiddenlayer.errors import ProbeError, UsageError
from pytest_hiddenlayer.probes.attention.rollout import attention_rollout
from pytest_hiddenlayer.probes.capture import ARRAYS, WHAT, Capture, capture
from pytest_hiddenlayer.probes.capture_files import load_capture, save_capture
from pytest_hiddenlayer.probes.hooks import ModelHooks
from pytest_hiddenlayer.probes.verification import verify
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import Message

IDS = tuple(token_ids(12)[0].tolist())


def test_shapes_are_the_documented_ones():
    """Every array has the axes that `ARRAYS` states, and single precision."""
    captured = capture(small_model("gpt_oss"), IDS, WHAT, top=3)
    axes = {"layers + 1": 5, "attention layers": 4, "layers": 4, "tokens": 12, "width": 64, "heads * size": 64}
    axes |= {"heads": 4, "top": 3, "vocabulary": 300}
    assert captured.arrays.keys() == ARRAYS.keys()
    for name, array in captured.arrays.items():
        stated = ARRAYS[name][1 : ARRAYS[name].index("]")].split(", ")
        assert array.shape == tuple(axes[axis] for axis in stated), name
        assert array.dtype == (np.int32 if name.endswith(("layers", "ids")) else np.float32)


@pytest.mark.parametrize("name", ["llama", "gemma2", "cohere"])
def test_the_last_row_of_the_lens_is_the_model(name):
    """At the last layer, the lens gives the log-probabilities of the model, soft-cap and scale included."""
    captured = capture(small_model(name, **COHERE if name == "cohere" else {}), IDS, ["lens", "logits"])
    assert np.array_equal(captured["lens_token_logprobs"][-1], captured["token_logprobs"], equal_nan=True)
    assert np.array_equal(captured["lens_top_ids"][-1][:, 0], captured["logits"].argmax(axis=-1))


COHERE = {"logit_scale": 0.0625, "layer_norm_eps": 1e-5, "attention_bias": False, "use_qk_norm": False}


def test_log_probabilities_are_those_of_the_decoder():
    """Teacher-forced log-probabilities of an answer equal those that the provider reported while decoding it."""

    async def answered():
        provider = MlxProvider()
        messages = (Message(role="user", content="Calculate 17+25."),)
        ids = await provider.run(lambda loaded: loaded.tokenizer.prompt_ids(messages))
        result = await provider._batch.generate(ids, max_tokens=20, temperature=0, top_p=1, stop=(), seed=0)
        captured = await provider.run(
            lambda loaded: capture(loaded.model, [*ids, *result.token_ids], n_prompt=len(ids))
        )
        await provider.close()
        return result, captured

    result, captured = asyncio.run(answered())
    assert np.allclose(captured["token_logprobs"][captured.n_prompt :], result.logprobs, atol=1e-4)


def test_a_capture_inside_hooks_sees_what_they_make_of_the_model():
    """Under hooks that zero the last MLP, the captured MLP output is zero; the model must be verified before."""
    model = small_model("llama")
    hooks = ModelHooks(model, replace={"mlp": lambda layer, site, x: 0 * x}, layers=[3])
    with hooks, pytest.raises(ProbeError, match="verify"):
        capture(model, IDS, ["mlp"])
    verify(model)
    with hooks:
        captured = capture(model, IDS, ["mlp", "lens"])
    assert not captured["mlp"][3].any()
    assert captured["mlp"][2].any()


def test_layers_limit_what_is_captured():
    """With `layers`, the arrays have these rows only, and say which."""
    captured = capture(small_model("llama"), IDS, ["embeddings", "mlp", "attention_weights"], layers=[3, 1])
    assert captured["layers"].tolist() == captured["attention_layers"].tolist() == [1, 3]
    assert captured["mlp"].shape[0] == 2
    with pytest.raises(ProbeError, match="rollout needs the weights of all 4 layers, but 2"):
        captured.rollout()


def test_an_array_that_is_too_large_is_refused_before_it_is_made():
    """Attention of a long text is refused with its size and what to change, before the model runs."""
    model = small_model("llama")
    verify(model)
    model.__class__ = type("Broken", (type(model),), {"__call__": None})
    with pytest.raises(ProbeError, match=r"100,000 tokens needs 596.2 GiB \(attention_weights 596.0 GiB.*max_bytes"):
        capture(model, [1] * 100_000, ["attention_weights"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"token_ids": IDS, "what": ["lense"]}, "did you mean 'lens'"),
        ({"token_ids": [5]}, "at least 2 tokens"),
        ({"token_ids": [5, 300]}, r"token ids \[300\]: this model has tokens 0 to 299"),
        ({"token_ids": IDS, "layers": [9], "what": ["mlp"]}, "layers 0 to 3"),
        ({"token_ids": IDS, "what": ["lens"], "top": 0}, "top=0"),
    ],
)
def test_a_wrong_argument_is_refused(arguments, message):
    """What cannot be captured is a usage error that says what exists."""
    with pytest.raises(UsageError, match=message):
        capture(small_model("llama"), **arguments)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_file_holds_the_whole_capture(suffix, tmp_path):
    """What is loaded from a file equals what was saved: arrays, tokens, texts and metadata."""
    texts = ["é", *"bcdefghijk", "<|end|>"]
    saved = capture(
        small_model("llama"), IDS, WHAT, token_texts=texts, n_prompt=4, metadata={"model": "m", "fingerprint": "f"}
    )
    loaded = load_capture(save_capture(saved, tmp_path / f"one.{suffix}"))
    assert (loaded.token_ids, loaded.token_texts, loaded.n_prompt) == (IDS, tuple(texts), 4)
    assert loaded.metadata == saved.metadata
    assert loaded.metadata["model"] == "m"
    assert loaded.arrays.keys() == saved.arrays.keys()
    assert all(np.array_equal(loaded[name], saved[name], equal_nan=name != "layers") for name in saved.arrays)
    assert [path.name for path in tmp_path.iterdir()] == [f"one.{suffix}"]


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 broken", b"\x10\0\0\0\0\0\0\0{}"])
def test_another_file_is_refused(suffix, content, tmp_path):
    """A missing or foreign file is one sentence, not a traceback of its format."""
    path = tmp_path / f"one.{suffix}"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError, match="cannot be read as one"):
        load_capture(path)


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_file_with_changed_bytes_is_read_or_refused(suffix, tmp_path):
    """Whatever bytes are damaged, a capture is returned or refused in one sentence; compressed data too."""
    arrays = {"token_logprobs": np.random.default_rng(0).random(12).astype(np.float32)}
    saved = Capture(token_ids=IDS, token_texts=None, n_prompt=4, arrays=arrays, metadata={"model": "m"})
    path = save_capture(saved, tmp_path / f"one.{suffix}")
    content, refused = path.read_bytes(), 0
    for position in range(len(content)):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        try:
            load_capture(path)
        except UsageError as error:
            refused += "cannot be read as one" in str(error)
    assert refused > len(content) / 10


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"token_texts": ("a",)}, "not a list of 12 texts"),
        ({"token_texts": tuple(range(12))}, "not a list of 12 texts"),
        ({"n_prompt": 13}, "`n_prompt` is 13"),
        ({"n_prompt": -1}, "`n_prompt` is -1"),
        ({"n_prompt": True}, "`n_prompt` is True"),
        ({"arrays": {"token_logprobs": np.zeros(3, np.float32)}}, r"shape \(3,\), not \[tokens\] of 12 tokens"),
        ({"arrays": {"attention_weights": np.zeros((2, 12), np.float32)}}, "array attention_weights has shape"),
        ({"arrays": {"token_logprobs": np.array(["a"] * 12)}}, "not numbers"),
        ({"metadata": 5}, "TypeError"),
    ],
)
def test_a_file_whose_parts_disagree_is_refused(changes, reason, tmp_path):
    """A stranger's file is no capture if its texts, prompt or arrays do not fit its tokens."""
    values = {"token_ids": IDS, "token_texts": None, "n_prompt": 0, "arrays": {}, "metadata": {}, **changes}
    if values["metadata"] == 5:
        path = save_capture(Capture(**{**values, "metadata": {}}), tmp_path / "one.npz")
        described = json.dumps({"schema": 1, "token_texts": None, "n_prompt": 0, "metadata": 5})
        np.savez(path, token_ids=np.array(IDS), metadata=np.array(described))
    else:
        path = save_capture(Capture(**values), tmp_path / "one.npz")
    with pytest.raises(UsageError, match=reason):
        load_capture(path)


def test_a_file_that_unpacks_to_more_memory_than_allowed_is_refused(tmp_path):
    """A small file of many equal numbers is refused by the size of its arrays, before they are read."""
    arrays = {"logits": np.zeros((12, 100_000), np.float32)}
    path = save_capture(Capture(token_ids=IDS, token_texts=None, n_prompt=0, arrays=arrays), tmp_path / "one.npz")
    assert path.stat().st_size < 20_000
    with pytest.raises(UsageError, match=r"it holds 4.6 MiB, and at most 1.0 MiB are read here"):
        load_capture(path, max_bytes=2**20)
    assert load_capture(path)["logits"].shape == (12, 100_000)


def test_paths_that_cannot_be_written_are_refused(tmp_path):
    """Another suffix and a missing folder are usage errors."""
    captured = Capture(token_ids=(1, 2), token_texts=None, n_prompt=0, arrays={})
    with pytest.raises(UsageError, match=r"use .npz or .safetensors"):
        save_capture(captured, tmp_path / "one.pt")
    for suffix in ("npz", "safetensors"):
        with pytest.raises(UsageError, match="cannot be written"):
            save_capture(captured, tmp_path / "missing" / f"one.{suffix}")


def test_rollout_of_a_hand_computed_case():
    """Two layers and two tokens: rows are 0.5 I + 0.5 A, multiplied from the first layer on."""
    first, second = np.array([[1, 0], [0.5, 0.5]]), np.array([[1, 0], [1, 0]])
    weights = np.stack([np.stack([first, first]), np.stack([second, second])])
    assert attention_rollout(weights).tolist() == [[1, 0], [0.625, 0.375]]
    rows = capture(small_model("llama"), IDS, ["attention_weights"]).rollout()
    assert np.allclose(rows.sum(axis=-1), 1)
    assert not np.triu(rows, 1).any()
