"""Loading an MLX model and its tokenizer, as quickly as the model allows.

`import mlx_lm` imports transformers, about two seconds of CPU. A model folder whose
tokenizer is a plain `tokenizer.json` with a chat template does not need it: for such a
folder only mlx-lm's model classes and its batch generator are imported, and the
`tokenizers` library reads the tokenizer. Everything else goes through `mlx_lm.load`.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import json
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ...errors import ProviderError, ProviderUnavailableError, UsageError
from ...types import Message
from .blas import fast_blas

INSTALL = (
    "install it with `pip install mlx-lm` on Apple silicon or `pip install 'mlx[cpu]' mlx-lm` on Linux; "
    "mlx runs nowhere else"
)


_TEMPLATE_FUNCTIONS = ("raise_exception", "strftime_now", "tojson", "{% generation")  # given by transformers only


class Tokenizer(Protocol):
    """What generation needs of a tokenizer."""

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        """Token ids of the rendered chat template, ready for the assistant's turn."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of these ids, special tokens left out."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Loaded:
    """A model that is ready to generate."""

    model: Any  # an mlx_lm model
    tokenizer: Tokenizer
    end_ids: frozenset[int]  # tokens that end a turn
    context: int | None  # positions; None where the configuration does not say
    batch_generator: Any  # mlx_lm.generate.BatchGenerator
    caches: Any  # the module mlx_lm.models.cache


def load(path: Path | str) -> Loaded:
    """The model of a local folder or a hub name.

    Raises ProviderUnavailableError where mlx cannot be imported, UsageError where the folder or
    name cannot be loaded, or wants to run code of its own.
    """
    if _names_code(Path(path)):
        raise _code_refused(path, "its config.json names a `model_file`")
    fast_blas()
    try:
        with open_files_kept():
            return _load_plain(Path(path)) if is_plain(Path(path)) else _load_any(str(path))
    except ImportError as error:
        raise ProviderUnavailableError(f"provider mlx does not work here ({error}): {INSTALL}") from error
    except ProviderError:
        raise
    except Exception as error:  # whatever a loader or a hub client raises: the model cannot be had
        if "trust_remote_code" in str(error):
            raise _code_refused(path, "mlx_lm or transformers cannot load it without") from error
        raise UsageError(f"--model {path}: mlx_lm cannot load it: {type(error).__name__}: {error}") from error


def _names_code(folder: Path) -> bool:
    """Whether the folder's configuration names a Python file that mlx_lm would run, if it were trusted."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False  # a hub name, or nothing that can be loaded
    return isinstance(config, dict) and config.get("model_file") is not None


def _code_refused(path: Path | str, found: str) -> UsageError:
    return UsageError(
        f"--model {path}: this model wants to run Python code of its own ({found}), which is never done; "
        "name a model of an architecture that mlx_lm has"
    )


@contextmanager
def open_files_kept() -> Iterator[None]:
    """Let nobody lower how many files this process may open; what asks for more gets what is allowed.

    `mlx_lm.utils` sets 2 048 (hard: 4 096) on import: less than a thousand calls in flight beside
    a run's files need, not to be raised again, and an error where the hard limit is lower.
    """
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    real = resource.setrlimit

    def raised(which: int, limits: tuple[int, int]) -> None:
        soft, hard = resource.getrlimit(which)
        if which != resource.RLIMIT_NOFILE:
            real(which, limits)
        elif resource.RLIM_INFINITY not in (soft, hard) and soft < limits[0]:
            real(which, (min(limits[0], hard), hard))

    resource.setrlimit = raised
    try:
        yield
    finally:
        resource.setrlimit = real


def is_plain(folder: Path) -> bool:
    """Whether `tokenizers` alone reads this folder's tokenizer just as transformers would."""
    try:
        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    template = config.get("chat_template")
    return (
        config.get("tokenizer_class") == "PreTrainedTokenizerFast"
        and isinstance(template, str)
        and not any(word in template for word in _TEMPLATE_FUNCTIONS)
        and not any(isinstance(config.get(f"{name}_token"), dict) for name in ("bos", "eos", "pad", "unk"))
        and not config.get("clean_up_tokenization_spaces")
        and tokenizer.get("post_processor") is None
        and (folder / "model.safetensors").is_file()
    )


def _load_any(name: str) -> Loaded:
    import mlx.core as mx
    from mlx_lm import load as mlx_load
    from mlx_lm.generate import BatchGenerator
    from mlx_lm.models import cache

    loaded: Any = mlx_load(
        name, return_config=True, trust_remote_code=False, tokenizer_config={"trust_remote_code": False}
    )
    model, tokenizer, config = loaded
    _widen(mx, model, config)
    return Loaded(
        model=model,
        tokenizer=_Transformers(tokenizer),
        end_ids=frozenset(tokenizer.eos_token_ids),
        context=config.get("max_position_embeddings"),
        batch_generator=BatchGenerator,
        caches=cache,
    )


def _load_plain(folder: Path) -> Loaded:
    with _without_transformers():
        import mlx.core as mx

        generate = importlib.import_module("mlx_lm.generate")
        caches = importlib.import_module("mlx_lm.models.cache")
        load_model = importlib.import_module("mlx_lm.utils").load_model
        model, config = load_model(folder, trust_remote_code=False)
    _widen(mx, model, config)
    tokenizer = _Plain(folder)
    return Loaded(
        model=model,
        tokenizer=tokenizer,
        end_ids=frozenset(_as_ids(config.get("eos_token_id"))) or tokenizer.end_ids,
        context=config.get("max_position_embeddings"),
        batch_generator=generate.BatchGenerator,
        caches=caches,
    )


def _widen(mx: Any, model: Any, config: Mapping[str, Any]) -> None:
    """Half precision is emulated on the CPU and slow there: run unquantized weights in single precision."""
    if mx.default_device() == mx.cpu and "quantization" not in config:
        model.set_dtype(mx.float32)
        mx.eval(model.parameters())


def _as_ids(value: Any) -> list[int]:
    return [] if value is None else [value] if isinstance(value, int) else list(value)


@contextmanager
def _without_transformers() -> Iterator[None]:
    """While this lasts, mlx-lm's modules can be imported without transformers.

    Stand-ins take the place of `mlx_lm` (whose `__init__` imports everything), `transformers`
    and `mlx_lm.tokenizer_utils`. Afterwards the stand-ins, and the modules that saw them, are
    forgotten, so that a later `import mlx_lm` gets the real ones. Where either is imported
    already there is nothing to save.
    """
    if "mlx_lm" in sys.modules or "transformers" in sys.modules:
        yield
        return
    spec = importlib.machinery.PathFinder.find_spec("mlx_lm")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError("No module named 'mlx_lm'")
    package = types.ModuleType("mlx_lm")
    package.__path__ = list(spec.submodule_search_locations)
    package.__spec__ = spec
    stand_ins = {
        "mlx_lm": package,
        "transformers": _names("transformers", "PreTrainedTokenizer"),
        "mlx_lm.tokenizer_utils": _names("mlx_lm.tokenizer_utils", "TokenizerWrapper", "load"),
    }
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in (*stand_ins, "mlx_lm.generate", "mlx_lm.utils"):
            sys.modules.pop(name, None)


def _names(module: str, *names: str) -> types.ModuleType:
    made = types.ModuleType(module)
    made.__dict__.update(dict.fromkeys(names, object))
    return made


class _Plain:
    """A tokenizer read by the `tokenizers` library, its chat template rendered as transformers does."""

    def __init__(self, folder: Path) -> None:
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment
        from tokenizers import Tokenizer as Reader

        config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
        self._reader = Reader.from_file(str(folder / "tokenizer.json"))
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        self._template = environment.from_string(config["chat_template"])
        self._specials = {
            key: config[key] for key in ("bos_token", "eos_token", "pad_token") if isinstance(config.get(key), str)
        }
        end = self._reader.token_to_id(self._specials.get("eos_token", ""))
        self.end_ids = frozenset(() if end is None else (end,))

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        chat = [{"role": m.role, "content": m.content} for m in messages]
        text = self._template.render(messages=chat, add_generation_prompt=True, **self._specials)
        ids: list[int] = self._reader.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self._reader.decode(list(ids), skip_special_tokens=True)
        return text


class _Transformers:
    """mlx-lm's tokenizer."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def prompt_ids(self, messages: Sequence[Message]) -> list[int]:
        if not self._tokenizer.has_chat_template:
            text = "\n".join(m.content for m in messages)
            return list(self._tokenizer.encode(text))
        chat = [{"role": m.role, "content": m.content} for m in messages]
        return list(self._tokenizer.apply_chat_template(chat, add_generation_prompt=True))

    def decode(self, ids: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(ids), skip_special_tokens=True)
        return text
