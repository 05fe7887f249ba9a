"""training/to_gguf.py rejects models that it cannot convert correctly."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer.models import bundled_path

pytest.importorskip("gguf", reason="needs gguf: pip install gguf")
TRAINING = Path(__file__).resolve().parents[2] / "training"


@pytest.fixture(scope="module")
def converter() -> Any:
    """The converter; training/ is not a package, so it is imported from its path."""
    sys.path.insert(0, str(TRAINING))
    try:
        import to_gguf

        return to_gguf
    finally:
        sys.path.remove(str(TRAINING))


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("config.json", {"model_type": "llama"}, "not model_type qwen3;"),
        ("config.json", {"quantization": {"bits": 4}}, "not unquantized weights;"),
        ("tokenizer.json", {"pre_tokenizer": {"type": "ByteLevel"}}, "not byte-level BPE of single digits;"),
        ("tokenizer.json", {"normalizer": {"type": "NFC"}}, "not a tokenizer without normalizer;"),
    ],
)
def test_an_unsupported_model_is_rejected(
    converter: Any, tmp_path: Path, file: str, change: dict[str, Any], message: str
) -> None:
    """Another model type, quantized weights or another tokenizer is an error, and no file is written."""
    folder = tmp_path / "model"
    shutil.copytree(bundled_path(), folder)
    fields = json.loads((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_text(json.dumps(fields | change), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        converter.to_gguf(folder, tmp_path / "out.gguf")
    assert not (tmp_path / "out.gguf").exists()


def test_an_unknown_tensor_is_rejected(converter: Any) -> None:
    """The error names a tensor that has no name in GGUF."""
    assert converter.gguf_name("model.layers.2.mlp.up_proj.weight") == "blk.2.ffn_up.weight"
    with pytest.raises(ValueError, match=r"tensor model.layers.2.mlp.router.weight is not part of qwen3"):
        converter.gguf_name("model.layers.2.mlp.router.weight")
