"""`hiddenlayer models`: the models of this machine and of its servers; `get` fetches a known one."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from ..io.json_text import decode_json
from ..terminal_escape import json_text, visible

HELP = "list the models of this machine and its servers; fetch a known one"
EPILOG = """examples:
  hiddenlayer models                 bundled, fetched, downloaded from a hub, on a local server
  hiddenlayer models get smollm2     fetch SmolLM2-135M-Instruct once into the user's cache
  hiddenlayer models remove smollm2  delete it from the cache

exit status: 0 success; 4 a name that is not known, or a model that could not be fetched
"""
HEADERS = ("model", "where", "size", "memory", "context", "use it with")


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedModel:
    """One row of the list. None is unknown."""

    model: str
    where: str
    bytes: int | None
    context: int | None  # tokens
    memory_bytes: int | None  # of its weights once they are loaded
    use: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with which model."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    actions = parser.add_subparsers(dest="action", metavar="get|remove")
    for action, text in (("get", "fetch a known model"), ("remove", "delete a fetched model")):
        actions.add_parser(action, help=text, description=text).add_argument("name", metavar="NAME")


def run(arguments: argparse.Namespace) -> int:
    """List, fetch or delete."""
    if arguments.action == "get":
        return _get(arguments.name)
    if arguments.action == "remove":
        return _remove(arguments.name)
    models = listed_models()
    if arguments.json:
        print(json_text([asdict(model) for model in models]))
        return 0
    from ..local_models import size_text
    from ..report.text_table import grid

    rows = [
        tuple(
            map(visible, (m.model, m.where, size_text(m.bytes), size_text(m.memory_bytes), _count(m.context), m.use))
        )
        for m in models
    ]
    print(grid(HEADERS, rows, width=shutil.get_terminal_size().columns, colour=sys.stdout.isatty()))
    return 0


def _known(name: str) -> str:
    """The name, if it is known. Raises UsageError."""
    from ..errors import UsageError, did_you_mean
    from ..models.known import KNOWN

    if name not in KNOWN:
        raise UsageError(f"no known model {name!r}{did_you_mean(name, KNOWN)} (known: {', '.join(KNOWN)})")
    return name


def _get(name: str) -> int:
    from ..local_models import size_text
    from ..models.fetch import fetch, is_cached
    from ..models.known import KNOWN

    model = KNOWN[_known(name)]
    if is_cached(model):
        print(f"{name} is here already: use it with --model {name}")
        return 0
    print(f"{name}: {model.description}, by {model.author}, licence {model.license}")
    path = fetch(model, _progress if sys.stderr.isatty() else lambda done, total: None)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"fetched {size_text(model.size)} into {path.parent}, with its licence; use it with --model {name}")
    return 0


def _remove(name: str) -> int:
    from ..models.fetch import remove
    from ..models.known import KNOWN

    print(f"{name} is deleted" if remove(KNOWN[_known(name)]) else f"{name} is not here")
    return 0


def _progress(done: int, total: int | None) -> None:
    share = "" if not total else f" of {total / 1e6:,.0f}"
    print(f"\r{done / 1e6:,.0f}{share} MB", end="", file=sys.stderr, flush=True)


def listed_models() -> list[ListedModel]:
    """Every model that a run here can name without a download, and the known ones that can be fetched."""
    return [_bundled(), *_adapters(), *_known_models(), *_hub_models(), *_ollama_models()]


def _bundled() -> ListedModel:
    from ..models import BUNDLED, bundled_path

    folder = bundled_path()
    return ListedModel(
        model=BUNDLED,
        where="part of the package",
        bytes=_folder_bytes(folder),
        context=_context(folder),
        memory_bytes=_memory(folder),
        use="--provider mlx",
    )


def _adapters() -> list[ListedModel]:
    """Adapters in `adapters/` of the project; which base each was trained on is in finetuning.json, if it has one."""
    from .argument_types import current_project

    project = current_project()
    folders = sorted(path.parent for path in (project.root / "adapters").glob("*/adapters.safetensors"))
    return [
        ListedModel(
            model=folder.name,
            where="adapter",
            bytes=_folder_bytes(folder),
            context=None,
            memory_bytes=None,
            use=f"--adapter {os.path.relpath(folder)}",
        )
        for folder in folders
    ]


def _known_models() -> list[ListedModel]:
    from ..models.fetch import is_cached
    from ..models.known import KNOWN
    from ..providers.mlx.weight_sizes import known_bytes

    return [
        ListedModel(
            model=model.name,
            where="fetched" if is_cached(model) else "not fetched",
            bytes=model.size,
            context=model.context,
            memory_bytes=known_bytes(model),
            use=f"--model {model.name}" if is_cached(model) else f"hiddenlayer models get {model.name}",
        )
        for model in KNOWN.values()
    ]


def _hub_models() -> list[ListedModel]:
    """Models with weights in the cache of the Hugging Face hub."""
    try:
        from huggingface_hub import scan_cache_dir
        from huggingface_hub.errors import CacheNotFound
    except ImportError:
        return []
    try:
        repositories = scan_cache_dir().repos
    except (CacheNotFound, OSError, ValueError):
        return []
    found = []
    for repository in sorted(repositories, key=lambda repository: repository.repo_id):
        revisions = [r for r in repository.revisions if any(f.file_name.endswith(".safetensors") for f in r.files)]
        if repository.repo_type == "model" and revisions:
            folder = max(revisions, key=lambda revision: revision.last_modified).snapshot_path
            found.append(
                ListedModel(
                    model=repository.repo_id,
                    where="hub cache",
                    bytes=repository.size_on_disk,
                    context=_context(folder),
                    memory_bytes=_memory(folder),
                    use=f"--model {repository.repo_id}",
                )
            )
    return found


def _ollama_models() -> list[ListedModel]:
    """Models of the Ollama server on this machine; none if there is none."""
    from ..providers.ollama_server import local_models

    return [
        ListedModel(
            model=name, where="Ollama", bytes=size, context=None, memory_bytes=None, use=f"--provider ollama:{name}"
        )
        for name, size in local_models()
    ]


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _memory(folder: Path) -> int | None:
    from ..providers.mlx.weight_sizes import loaded_bytes

    return loaded_bytes(folder)


def _context(folder: Path) -> int | None:
    """`max_position_embeddings` of a model folder; None if its configuration does not say."""

    try:
        config = decode_json((folder / "config.json").read_text(encoding="utf-8"))
        length = (config.get("text_config") or config).get("max_position_embeddings")
    except (OSError, ValueError, AttributeError):
        return None
    return length if isinstance(length, int) else None


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"
