"""Hooks of MkDocs for `make docs`: pages from the repository's root, links to its files, and the reference.

The documents are written for the repository: their links are relative paths of its files. A page or file that lies
outside of docs/ and is linked becomes a page or file of the site, and links are rewritten to where it is there.
The reference is generated from the package's public names and registries.
"""

from __future__ import annotations

import inspect
import os
import re
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.structure.files import File, Files

from pytest_hiddenlayer.scorers.match.extract import WHOLE, Extract

ROOT = Path(__file__).parents[1]
PAGES = {"README.md": "index.md"}
"""Repository path → path of the site, of pages that are renamed."""
OUTSIDE = "repository"  # folder of the site for files outside of docs/
KINDS = (("strategies", "strategy"), ("scorers", "scorer"), ("providers", "provider"))
_DOCSTRING_ONLY = ("show_root_heading: false", "show_root_toc_entry: false", "show_bases: false", "members: false")
_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)|!\[([^\]]*)\]\(([^)\s]+)\)")
_CODE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_GROUPS = (
    ("Calls and strategies", ("llm_call", "run_strategy", "CallResult", "StrategyResult")),
    ("Tasks, runs and comparisons", ("evaluate", "evaluate_task", "runs", "load_run", "compare_runs")),
    ("Tracker", ("get_tracker", "Tracker", "Experiment")),
    ("Hosts", ("check_hosts", "HostReport")),
    ("Fine-tuning", ("finetune", "fuse_adapter", "examples_from_run", "Example", "FinetuneResult", "FusedModel")),
    (
        "Your own strategies, scorers, providers and tools",
        ("strategy", "scorer", "provider", "tool", "Context", "Answer", "Range"),
    ),
)


def on_files(files: Files, config: Any) -> Files:
    """Add the reference, the README and every file outside of docs/ that a page links to."""
    for name, text in _reference().items():
        files.append(File.generated(config, name, content=text))
    open_pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    seen: set[Path] = set()
    while open_pages:
        page = open_pages.pop()
        for target in {page, *_targets(page)} - seen:
            seen.add(target)
            if not target.is_relative_to(ROOT / "docs"):
                files.append(File.generated(config, _site_path(target), abs_src_path=str(target)))
                open_pages += [target] if target.suffix == ".md" else []
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Rewrite the links of a page from the repository's paths to the site's."""
    source = _sources(files).get(page.file.src_uri)
    if source is None:
        return markdown
    parts = _CODE.split(markdown)
    return "".join(part if part.startswith("```") else _LINK.sub(_rewriter(source), part) for part in parts)


def _sources(files: Files) -> dict[str, Path]:
    """Path of the site → file of the repository."""
    return {file.src_uri: Path(file.abs_src_path) for file in files if file.abs_src_path}


def _targets(page: Path) -> set[Path]:
    """The files of the repository that a page links to."""
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    links = [link for match in _LINK.finditer(text) for link in (match[2] or match[4],)]
    paths = (_target(page, link) for link in links)
    return {path for path in paths if path is not None and path.is_file()}


def _target(page: Path, link: str) -> Path | None:
    """The file or folder that a link names; None for an address and for an anchor of the page itself."""
    path = link.partition("#")[0]
    return None if not path or "://" in path or path.startswith("mailto:") else (page.parent / path).resolve()


def _site_path(target: Path) -> str:
    """Where a file of the repository is in the site."""
    path = target.relative_to(ROOT).as_posix()
    if path in PAGES:
        return PAGES[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else f"{OUTSIDE}/{path}"


def _rewriter(source: Path) -> Any:
    def rewrite(match: re.Match[str]) -> str:
        picture = match[4] is not None
        text, link = (match[3], match[4]) if picture else (match[1], match[2])
        target = _target(source, link)
        if target is None:
            return match[0]
        if not target.is_file():  # a folder of the repository, which the site does not have
            return text
        here = PurePosixPath(_site_path(source)).parent
        path = os.path.relpath(_site_path(target), here)
        anchor = link.partition("#")[1] + link.partition("#")[2]
        return f"{'!' if picture else ''}[{text}]({path}{anchor})"

    return rewrite


@cache
def _reference() -> dict[str, str]:
    """Path of the site → text, of the pages of the reference."""
    import pytest_hiddenlayer

    grouped = {name for _, names in _GROUPS for name in names}
    rest = [name for name in pytest_hiddenlayer.__all__ if name not in grouped]
    async_names = [name for name in rest if name[0] == "a" and name[1:] in grouped]
    errors = [name for name in rest if name.endswith("Error")]
    figures = [name for name in rest if name.startswith("plot_")]
    others = [name for name in rest if name not in {*async_names, *errors, *figures, "__version__"}]
    groups = [
        *_GROUPS,
        ("Figures", figures),
        ("Other types and values", others),
        ("Asynchronous twins", async_names),
        ("Errors", errors),
    ]
    lines = ["# Public names\n", "`import pytest_hiddenlayer as hl`; everything else is private and may change.\n"]
    for title, names in groups:
        lines += [f"## {title}\n", *(f"::: pytest_hiddenlayer.{name}\n" for name in names)]
    lines += ["## Version\n", f"`__version__` is the version of the package: `{pytest_hiddenlayer.__version__}`.\n"]
    pages = {"reference/python.md": "\n".join(lines)}
    return pages | {f"reference/{group}.md": _built_ins(group, kind) for group, kind in KINDS}


def _built_ins(group: str, kind: str) -> str:
    """The page of the built-in strategies, scorers or providers, each with its parameters."""
    lines = [f"# Built-in {group}\n", f"Each {kind} by the name that task files and options use.\n"]
    for entry in sorted(entry_points(group=f"hiddenlayer.{group}"), key=lambda entry: entry.name):
        if not entry.value.startswith("pytest_hiddenlayer."):
            continue
        lines += [f"## {entry.name}\n", f"::: {entry.value.replace(':', '.')}", "    options:"]
        lines += [f"      {option}" for option in _DOCSTRING_ONLY]
        lines += ["", _parameters(entry.load())]
    return "\n".join(lines)


def _parameters(factory: Any) -> str:
    """A table of the parameters that can be written, with their defaults."""
    signature = inspect.signature(factory)
    rows = [
        f"| `{name}` | `{_annotation(parameter)}` | {_default(parameter)} |"
        for name, parameter in signature.parameters.items()
        if name not in ("context", "output", "sample", "self")
    ]
    if not rows:
        return "No parameters.\n"
    return "\n".join(["| parameter | type | default |", "| --- | --- | --- |", *rows]) + "\n"


def _annotation(parameter: inspect.Parameter) -> str:
    text = str(parameter.annotation) if parameter.annotation is not inspect.Parameter.empty else "any"
    return text.replace("|", "or")


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "required"
    if isinstance(parameter.default, Extract):
        return "the whole output" if parameter.default == WHOLE else "as described above"
    text = repr(parameter.default)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}`…"
