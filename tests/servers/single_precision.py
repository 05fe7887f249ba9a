"""A quantized GGUF file with the same weights in single precision, which llama.cpp computes exactly.

llama.cpp rounds the activations to 8 bits if the weights have 4 or 8 bits; the mlx provider does not, on a CPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

COMPUTED = ("GGUF.", "general.architecture", "general.file_type", "general.quantization_version")
"""Starts of the keys of the metadata that the writer sets."""


def write_single_precision(quantized: Path, path: Path) -> None:
    """Write `path` with the metadata and the dequantized weights of `quantized`. Needs `gguf`."""
    from gguf import GGUFReader, GGUFValueType, GGUFWriter, LlamaFileType

    source = GGUFReader(quantized)
    writer = GGUFWriter(path, source.fields["general.architecture"].contents())
    for key, field in source.fields.items():
        if not key.startswith(COMPUTED):
            kind, *item_kinds = field.types
            items = item_kinds[-1] if kind == GGUFValueType.ARRAY else None
            writer.add_key_value(key, field.contents(), kind, sub_type=items)
    writer.add_file_type(LlamaFileType.ALL_F32)
    for name, values in _weights(source):
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _weights(source: Any) -> Iterator[tuple[str, Any]]:
    """Yield (name, weights of shape (rows, columns) or (columns,)); GGUF names the fastest dimension first."""
    from gguf.quants import dequantize

    for tensor in source.tensors:
        shape = [int(size) for size in reversed(tensor.shape)]
        yield tensor.name, dequantize(tensor.data, tensor.tensor_type).reshape(shape)
