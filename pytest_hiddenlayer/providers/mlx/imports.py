"""Context managers around imports of mlx-lm: without transformers, and without its change of a process limit."""

from __future__ import annotations

import importlib.machinery
import sys
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def keep_open_file_limit() -> Iterator[None]:
    """Ignore requests to lower the limit of open files; raise it up to the hard limit at most.

    `mlx_lm.utils` sets the limit to 2,048 (hard: 4,096) on import. That is too low for a thousand calls in
    flight plus the files of a run, cannot be raised again, and fails if the hard limit is lower.
    """
    try:
        import resource
    except ImportError:  # Windows
        yield
        return
    setrlimit = resource.setrlimit

    def only_raise(which: int, limits: tuple[int, int]) -> None:
        soft, hard = resource.getrlimit(which)
        if which != resource.RLIMIT_NOFILE:
            setrlimit(which, limits)
        elif resource.RLIM_INFINITY not in (soft, hard) and soft < limits[0]:
            setrlimit(which, (min(limits[0], hard), hard))

    resource.setrlimit = only_raise
    try:
        yield
    finally:
        resource.setrlimit = setrlimit


def ignore_progress_widgets() -> None:
    """Silence tqdm's advice to install ipywidgets, which it gives in a notebook when mlx-lm is imported."""
    warnings.filterwarnings("ignore", message="IProgress not found")


@contextmanager
def without_transformers() -> Iterator[None]:
    """Import modules of mlx-lm without transformers, which saves two seconds.

    Stub modules replace `mlx_lm` (whose `__init__` imports everything), `transformers` and
    `mlx_lm.tokenizer_utils`. On exit the stubs and the modules that imported them are removed from
    `sys.modules`, so that a later `import mlx_lm` loads the real modules. If `mlx_lm` or `transformers`
    is already imported, this does nothing.
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
    stubs = {
        "mlx_lm": package,
        "transformers": _stub_module("transformers", "PreTrainedTokenizer"),
        "mlx_lm.tokenizer_utils": _stub_module("mlx_lm.tokenizer_utils", "TokenizerWrapper", "load"),
    }
    sys.modules.update(stubs)
    try:
        yield
    finally:
        tuner = [name for name in sys.modules if name.startswith("mlx_lm.tuner")]
        for name in (*stubs, *tuner, "mlx_lm.generate", "mlx_lm.utils"):
            sys.modules.pop(name, None)


def _stub_module(module: str, *names: str) -> types.ModuleType:
    stub = types.ModuleType(module)
    stub.__dict__.update(dict.fromkeys(names, object))
    return stub
