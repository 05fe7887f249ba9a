"""GGUF files of llama architecture through the mlx provider."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import gguf
import numpy as np
import pytest
from support.requirements import NEEDS_MLX

mx = pytest.importorskip("mlx.core", reason=NEEDS_MLX)

from support.gguf_models import random_weights, write_gguf  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

from pytest_hiddenlayer.errors import UsageError  # noqa: E402
from pytest_hiddenlayer.providers.mlx.gguf.folder import converted_folder, write_folder  # noqa: E402
from pytest_hiddenlayer.providers.mlx.gguf.reader import GgufModel, read_gguf  # noqa: E402
from pytest_hiddenlayer.providers.mlx.gguf.tokenizer import tokenizer_json  # noqa: E402
from pytest_hiddenlayer.providers.mlx.gguf.weights import affine  # noqa: E402
from pytest_hiddenlayer.providers.mlx.loading import load  # noqa: E402
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider  # noqa: E402
from pytest_hiddenlayer.types import Message  # noqa: E402


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "hiddenlayer"


def logits(folder: Path) -> np.ndarray:
    """The logits, (tokens, vocabulary), of a fixed prompt."""
    loaded = load(folder)
    return np.array(loaded.model(mx.array([[3, 1, 4, 1, 5, 9, 2, 6]]))[0].astype(mx.float32))


STEPS = {"F32": 1e-3, "F16": 1e-3, "Q8_0": 0.02, "Q4_1": 0.15, "Q4_0": 0.2}


@pytest.mark.parametrize(("kind", "tolerance"), STEPS.items())
def test_weights_are_those_of_the_file(tmp_path: Path, kind: str, tolerance: float):
    """Dequantized weights differ from the original ones by less than a step of the type."""
    folder = converted_folder(write_gguf(tmp_path / "m.gguf", kind), keep_quantized=False)
    weights = mx.load(str(folder / "model.safetensors"))
    original = random_weights()
    for name, theirs in (
        ("blk.1.ffn_down.weight", "model.layers.1.mlp.down_proj.weight"),
        ("blk.0.attn_k.weight", "model.layers.0.self_attn.k_proj.weight"),
        ("token_embd.weight", "model.embed_tokens.weight"),
    ):
        np.testing.assert_allclose(np.array(weights[theirs].astype(mx.float32)), original[name], atol=tolerance)


@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q8_0"])
def test_quantized_weights_mean_the_same_in_mlx(tmp_path: Path, kind: str):
    """Kept quantized, MLX dequantizes them to what GGUF's own library does, and the logits agree."""
    path = write_gguf(tmp_path / "m.gguf", kind)
    tensor = read_gguf(path).tensors["blk.0.ffn_up.weight"]
    weights, scales, biases = map(mx.array, affine(tensor.data, kind))
    ours = mx.dequantize(weights, scales, biases, group_size=32, bits=8 if kind == "Q8_0" else 4)
    theirs = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
    np.testing.assert_allclose(np.array(ours.astype(mx.float32)), theirs, atol=2e-3)
    plain = logits(converted_folder(path, keep_quantized=False))
    kept = logits(converted_folder(path, keep_quantized=True))
    np.testing.assert_allclose(kept, plain, atol=0.05)


def test_a_file_is_converted_once(tmp_path: Path, cache: Path):
    """The folder is private and found again; a changed file is converted anew."""
    path = write_gguf(tmp_path / "m.gguf")
    first = converted_folder(path, keep_quantized=False)
    written = (first / "model.safetensors").stat().st_mtime_ns
    assert converted_folder(path, keep_quantized=False) == first
    assert (first / "model.safetensors").stat().st_mtime_ns == written
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    write_gguf(path, "F16")
    assert converted_folder(path, keep_quantized=False) != first
    assert [p.name for p in (cache / "models" / "gguf").iterdir() if p.name.startswith(".")] == []


def test_the_provider_takes_a_gguf_file(tmp_path: Path):
    """Its tokenizer reads single digits first and ends at the end token."""
    path = write_gguf(tmp_path / "m.gguf")
    MlxProvider.check(str(path))
    assert MlxProvider.loads_files(str(path))
    loaded = load(converted_folder(path, keep_quantized=False))
    ids = loaded.tokenizer.prompt_ids([Message(role="user", content="12 é<|end|>")])
    assert loaded.tokenizer.decode(ids) == "12 é"
    assert len(ids) == 6  # 1, 2, space, two bytes, end
    assert ids[-1] in loaded.end_ids


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.2, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_short_is_a_usage_error(tmp_path: Path, share: float):
    """Wherever it ends, the error names the file and its size."""
    path = write_gguf(tmp_path / "m.gguf")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(
        UsageError, match=r"m\.gguf: (the model file is empty|not a GGUF file|the GGUF file is damaged or cut short)"
    ):
        read_gguf(path)


def test_damaged_bytes_never_crash(tmp_path: Path):
    """A flipped byte of the header gives a model or a usage error, nothing else."""
    path = write_gguf(tmp_path / "m.gguf")
    content = path.read_bytes()
    random = np.random.default_rng(0)
    for position in random.integers(4, 4000, 150):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(random.integers(8))
        path.write_bytes(bytes(damaged))
        (tmp_path / "out").mkdir(exist_ok=True)
        try:
            write_folder(read_gguf(path), tmp_path / "out", keep_quantized=False)
        except UsageError as error:
            assert "m.gguf" in str(error)  # noqa: PT017


def test_what_is_not_converted_says_what_to_do(tmp_path: Path):
    """Another architecture, another type of weights, no GGUF file, unusable settings."""
    with pytest.raises(UsageError, match="architecture 'qwen3'; only 'llama' is converted"):
        read_gguf(write_gguf(tmp_path / "a.gguf", architecture="qwen3"))
    with pytest.raises(UsageError, match="weights of type Q5_0; converted are F32, F16, Q4_0, Q4_1, Q8_0"):
        read_gguf(write_gguf(tmp_path / "b.gguf", "Q5_0"))
    (tmp_path / "c.gguf").write_text("PK??")
    with pytest.raises(UsageError, match="not a GGUF file"):
        MlxProvider.check(str(tmp_path / "c.gguf"))
    with pytest.raises(UsageError, match=r"llama\.attention\.head_count is 0"):
        converted_folder(write_gguf(tmp_path / "d.gguf", **{"attention.head_count": 0}), keep_quantized=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link to another user")
def test_a_cache_of_another_user_is_refused(tmp_path: Path, cache: Path):
    """A link of another user in place of the cache folder could lead anywhere."""
    cache.parent.mkdir()
    (tmp_path / "elsewhere").mkdir()
    cache.symlink_to(tmp_path / "elsewhere")
    os.lchown(cache, 65534, 65534)
    with pytest.raises(UsageError, match="not a folder of this user"):
        converted_folder(write_gguf(tmp_path / "m.gguf"), keep_quantized=False)


def test_a_sentence_piece_tokenizer_is_converted(tmp_path: Path):
    """Words merge by their scores, spaces are kept, and unknown characters are bytes."""
    pieces = ["▁", "T", "h", "e", "t", "▁T", "▁Th", "▁The", "th", "▁t", "."]
    scores = [-100.0] * 5 + [-3.0, -2.0, -1.0, -4.0, -5.0, -100.0]
    tokens = ["<unk>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *pieces]
    settings = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": [0.0] * 258 + scores,
        "tokenizer.ggml.token_type": [2, 3] + [6] * 256 + [1] * len(pieces),
    }
    built = Tokenizer.from_str(tokenizer_json(GgufModel(tmp_path / "m.gguf", settings, {})))
    encoded = built.encode("The thé.</s>", add_special_tokens=False)
    assert encoded.tokens == ["▁The", "▁", "th", "<0xC3>", "<0xA9>", ".", "</s>"]
    assert built.decode(encoded.ids) == "The thé."
