"""training/to_gguf.py refuses what it would convert wrongly."""

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
    """The converter; training/ is no package, so it is imported from its path."""
    sys.path.insert(0, str(TRAINING))
    try:
        import to_gguf

        return to_gguf
    finally:
        sys.path.remove(str(TRAINING))


@pytest.mark.parametrize(
    ("file", "change", "lacking"),
    [
        ("config.json", {"model_type": "llama"}, "not model_type qwen3;"),
        ("config.json", {"quantization": {"bits": 4}}, "not unquantized weights;"),
        ("tokenizer.json", {"pre_tokenizer": {"type": "ByteLevel"}}, "not byte-level BPE of single digits;"),
        ("tokenizer.json", {"normalizer": {"type": "NFC"}}, "not a tokenizer without normalizer;"),
    ],
)
def test_a_folder_of_another_kind_is_refused(
    converter: Any, tmp_path: Path, file: str, change: dict[str, Any], lacking: str
) -> None:
    """Another model type, quantized weights or another tokenizer is an error, and no file is written."""
    folder = tmp_path / "model"
    shutil.copytree(bundled_path(), folder)
    form = json.loads((folder / file).read_text(encoding="utf-8"))
    (folder / file).write_text(json.dumps(form | change), encoding="utf-8")
    with pytest.raises(ValueError, match=lacking):
        converter.to_gguf(folder, tmp_path / "out.gguf")
    assert not (tmp_path / "out.gguf").exists()


def test_an_unknown_tensor_is_refused(converter: Any) -> None:
    """A tensor that GGUF has no place for is named in the error."""
    assert converter.gguf_name("model.layers.2.mlp.up_proj.weight") == "blk.2.ffn_up.weight"
    with pytest.raises(ValueError, match=r"tensor model.layers.2.mlp.router.weight has no place"):
        converter.gguf_name("model.layers.2.mlp.router.weight")
