"""How much memory a model's weights take once they are loaded, read from the headers of its files."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import Any

from ...io.json_text import decode_json
from ...local_models.system import system_memory
from ...models.known import KnownModel

_MAX_HEADER_BYTES = 100_000_000  # of the safetensors format
_FLOATS = ("F16", "BF16", "F32")


def loaded_bytes(folder: Path | None, adapter: Path | None = None) -> int | None:
    """Return the bytes of a folder's weights, and an adapter's, in memory; None if a file cannot be read.

    Unquantized weights take four bytes each on the CPU, whatever their files hold: see `loading`.
    """
    if folder is None:
        return None
    try:
        quantized = "quantization" in decode_json((folder / "config.json").read_text(encoding="utf-8"))
        files = [*folder.glob("model*.safetensors"), *([] if adapter is None else [adapter / "adapters.safetensors"])]
        tensors = [tensor for file in files for tensor in _tensors(file)]
        in_float32 = not quantized and on_cpu()
        return sum(_tensor_bytes(tensor, in_float32=in_float32) for tensor in tensors) if tensors else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error):
        return None


def known_bytes(model: KnownModel) -> int:
    """Return the bytes of a known model's weights in memory, fetched or not.

    On the CPU they are converted to four bytes each; on Metal they stay quantized, about as large as the file.
    """
    return 4 * model.n_weights if on_cpu() else model.size


def _tensors(path: Path) -> Iterator[Any]:
    """The entries of the header of a safetensors file: type, shape and place of each array."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _MAX_HEADER_BYTES:
            raise ValueError(f"{path}: not a safetensors file")
        header = decode_json(file.read(length))
    return (entry for name, entry in header.items() if name != "__metadata__")


def _tensor_bytes(tensor: Any, *, in_float32: bool) -> int:
    if in_float32 and tensor["dtype"] in _FLOATS:
        return int(4 * prod(tensor["shape"]))
    start, end = tensor["data_offsets"]
    return int(end) - int(start)


def device_bytes() -> int | None:
    """Return the memory that models may use: Metal's recommended working set, else this machine's memory."""
    if not on_cpu():
        with suppress(Exception):  # the names in mlx differ between releases
            import mlx.core as mx

            return int(mx.device_info()["max_recommended_working_set_size"])
    return system_memory()


def on_cpu() -> bool:
    """Whether models run on the CPU; true if mlx cannot be imported."""
    from .blas import fast_blas

    fast_blas()  # before mlx is imported
    try:
        import mlx.core as mx
    except ImportError:
        return True
    return bool(mx.default_device() == mx.cpu)
