"""The build of the page's program: `web/build.py` and `hatch_build.py`."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from support.web_build import ROOT, load

web_build = load("web/build.py")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH, and no Node in this environment."""
    folder = tmp_path / "path"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv(web_build.SWITCH, raising=False)
    monkeypatch.setattr(web_build.importlib.util, "find_spec", lambda name: None)
    return folder


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The folder of a complete bundle that was built from other sources."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name in web_build.PROGRAM:
        (folder / name).write_text("old")
    return folder


def command(path: Path, name: str, script: str, version: str = "v24.0.0") -> None:
    """Put a program into PATH."""
    (path / name).write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo {version} && exit\n{script}\n')
    (path / name).chmod(0o755)


def files(folder: Path) -> list[str]:
    """Names of the files in a folder."""
    return sorted(file.name for file in folder.iterdir())


def test_the_bundle_is_that_of_the_sources():
    """The page that the tests open is that of `web/`: the bundle holds the hash of its sources."""
    assert web_build.is_fresh(), "web/ and the bundle of the report page differ: run `make web`, then the tests again"


def test_a_fresh_bundle_needs_no_node(path, tmp_path):
    """Nothing is built, and Node is not needed, if the bundle is that of the sources."""
    copy = tmp_path / "copy"
    shutil.copytree(web_build.BUNDLE, copy)
    before = {file: file.stat().st_mtime_ns for file in copy.iterdir()}
    assert web_build.ensure(bundle=copy) == ""
    assert {file: file.stat().st_mtime_ns for file in copy.iterdir()} == before


@pytest.mark.parametrize("change", ["edit", "new file", "rename"])
def test_a_changed_source_makes_the_bundle_stale(tmp_path, change):
    """An edited, added or renamed source gives another hash."""
    web = tmp_path / "web"
    shutil.copytree(web_build.WEB, web, ignore=shutil.ignore_patterns("node_modules"))
    assert web_build.source_hash(web) == web_build.source_hash()
    if change == "edit":
        (web / "src" / "main.tsx").write_text("// edited\n")
    elif change == "new file":
        (web / "src" / "new.ts").write_text("")
    else:
        (web / "src" / "data.ts").rename(web / "src" / "dates.ts")
    assert web_build.source_hash(web) != web_build.source_hash()
    assert not web_build.is_fresh(web, web_build.BUNDLE)


def test_without_node_the_reason_takes_the_place_of_an_old_bundle(path, bundle):
    """Without Node the build says so in one sentence, and a program of other sources is removed."""
    fault = web_build.ensure(bundle=bundle)
    assert fault.startswith("Node and npm were not found: install Node 20 or newer")
    assert files(bundle) == ["unavailable.txt"]
    assert (bundle / "unavailable.txt").read_text() == fault + "\n"


def test_an_old_node_is_named(path, bundle):
    """A Node that is too old is named with its version."""
    command(path, "node", "exit 1", "v18.19.1")
    command(path, "npm", "exit 1")
    assert web_build.ensure(bundle=bundle).startswith("Node v18.19.1 is too old: install Node 20 or newer")


def test_an_unreachable_registry_is_a_sentence(path, bundle):
    """If npm cannot reach its registry, the sentence says that and holds no address."""
    command(path, "node", "exit 1")
    command(
        path, "npm", "echo 'npm error code ECONNREFUSED' >&2; echo 'npm error request to https://a:b@c/' >&2; exit 1"
    )
    assert web_build.ensure(bundle=bundle) == "npm ci failed: the npm registry could not be reached"


def test_addresses_are_left_out(path, bundle):
    """An address that npm prints is not kept: it may hold a password."""
    command(path, "node", "exit 1")
    command(path, "npm", "echo 'npm error code E404' >&2; echo 'npm error 404 https://me:secret@host/x' >&2; exit 1")
    assert web_build.ensure(bundle=bundle) == "npm ci failed: 404 (address)"


def test_nothing_is_built_if_it_is_switched_off(path, bundle, monkeypatch):
    """HIDDENLAYER_BUILD_WEB=0 builds nothing, even if Node is there, and is named as the reason."""
    command(path, "npm", "exit 0")
    command(path, "node", "echo built > $2/app.js")
    monkeypatch.setenv(web_build.SWITCH, "0")
    assert web_build.ensure(bundle=bundle) == "HIDDENLAYER_BUILD_WEB=0 was set while the package was built"
    assert files(bundle) == ["unavailable.txt"]


def test_packages_are_installed_in_a_copy(path, bundle, tmp_path):
    """npm runs `ci --ignore-scripts` in a copy of the sources, which stay free of packages; Node gets the folder."""
    web = tmp_path / "web"
    shutil.copytree(web_build.WEB, web, ignore=shutil.ignore_patterns("node_modules"))
    command(path, "npm", f"pwd > {tmp_path}/folder; echo $* > {tmp_path}/npm; echo > node_modules")
    command(path, "node", f"echo $* > {tmp_path}/node")
    assert web_build.ensure(web, bundle) == ""
    assert (tmp_path / "npm").read_text().startswith("ci --ignore-scripts ")
    assert (tmp_path / "node").read_text() == f"build.mjs {bundle}\n"
    assert Path((tmp_path / "folder").read_text().strip()) != web
    assert not (web / "node_modules").exists()


def test_a_source_tree_that_cannot_be_written(path, tmp_path):
    """If the folder of the bundle cannot be made, the build goes on too."""
    (tmp_path / "file").write_text("")
    assert web_build.ensure(bundle=tmp_path / "file" / "bundle").startswith("Node and npm were not found")


def test_missing_sources_are_named(path, bundle, tmp_path):
    """A package whose sources lack a file still builds, and names the file."""
    (tmp_path / "web").mkdir()
    fault = web_build.ensure(tmp_path / "web", bundle)
    assert fault == "the sources are incomplete: web/build.mjs does not exist"


def test_a_developer_sees_all_that_was_printed(path, tmp_path, monkeypatch, capsys):
    """`python web/build.py` prints every error of the bundler, not only the first one, and exits with 1."""
    command(path, "npm", "exit 0")
    command(path, "node", "echo 'Error: a.ts:1: first'; echo 'Error: b.ts:2: second'; exit 1")
    monkeypatch.setattr(web_build, "is_fresh", lambda: False)
    monkeypatch.setattr(web_build, "WEB", tmp_path)
    (tmp_path / "package-lock.json").write_text("{}")
    monkeypatch.setattr(sys, "argv", ["build.py"])
    assert web_build.main() == 1
    assert capsys.readouterr().err.split("\n")[:2] == ["Error: a.ts:1: first", "Error: b.ts:2: second"]


def test_the_command_says_that_there_is_no_node(path, monkeypatch, capsys):
    """Without Node `python web/build.py` exits with 3, so that `make web` can take one from the package index."""
    monkeypatch.setattr(web_build, "is_fresh", lambda: False)
    monkeypatch.setattr(sys, "argv", ["build.py"])
    assert web_build.main() == 3
    assert capsys.readouterr().err.startswith("Node and npm were not found")


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The build hook with a stand-in for hatchling, in a folder that holds `web/`, and what it warns of."""

    class Interface:
        def __class_getitem__(cls, item: object) -> type:
            return cls

    name = "hatchling.builders.hooks.plugin.interface"
    monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules[name].BuildHookInterface = Interface  # type: ignore[attr-defined]
    shutil.copytree(web_build.WEB, tmp_path / "web", ignore=shutil.ignore_patterns("node_modules"))
    built = load("hatch_build.py").BundleBuildHook()
    built.root, built.warnings = str(tmp_path), []
    built.app = SimpleNamespace(display_warning=built.warnings.append)
    built.metadata = SimpleNamespace(core=SimpleNamespace(license_files=["LICENSE"]))
    return built


def test_the_hook_asks_for_node_only_if_it_builds(hook, tmp_path, monkeypatch):
    """Node is a build requirement, but not if the bundle is fresh or switched off."""
    monkeypatch.delenv(web_build.SWITCH, raising=False)
    assert hook.dependencies() == [web_build.NODE_REQUIREMENT]
    monkeypatch.setenv(web_build.SWITCH, "0")
    assert hook.dependencies() == []
    monkeypatch.delenv(web_build.SWITCH)
    shutil.copytree(web_build.BUNDLE, tmp_path / web_build.BUNDLE.relative_to(ROOT))
    assert hook.dependencies() == []


def test_the_hook_adds_the_licences(hook, tmp_path):
    """The licences of the bundle are among the licence files of the wheel, and not of what is built next."""
    shutil.copytree(web_build.BUNDLE, tmp_path / web_build.BUNDLE.relative_to(ROOT))
    hook.initialize("standard", {})
    assert hook.metadata.core.license_files == ["LICENSE", "pytest_hiddenlayer/report/page/bundle/licenses.txt"]
    assert hook.warnings == []
    hook.finalize("standard", {}, "a.whl")
    assert hook.metadata.core.license_files == ["LICENSE"]


def test_the_hook_warns_and_goes_on(hook, monkeypatch):
    """If the bundle cannot be built, the hook warns, and the package is built without it."""
    monkeypatch.setenv(web_build.SWITCH, "0")
    hook.initialize("standard", {})
    assert hook.warnings == [
        "The report page will be plain: HIDDENLAYER_BUILD_WEB=0 was set while the package was built"
    ]
    assert hook.metadata.core.license_files == ["LICENSE"]


@pytest.fixture
def small_web(tmp_path: Path) -> Path:
    """A copy of `web/` whose program imports one npm package; esbuild is that of `web/`."""
    modules = web_build.WEB / "node_modules"
    if not (modules / "esbuild").exists():
        pytest.skip("needs the npm packages of web/: run `make web-check`")
    web = tmp_path / "web"
    (web / "src").mkdir(parents=True)
    for name in ("build.mjs", "package.json", "package-lock.json", "tsconfig.json"):
        shutil.copy(web_build.WEB / name, web)
    (web / "src" / "style.css").write_text("p { color: red }")
    (web / "src" / "main.tsx").write_text("import { value } from 'library'; console.log(value);")
    for name in ("esbuild", "@esbuild"):
        (web / "node_modules").mkdir(exist_ok=True)
        (web / "node_modules" / name).symlink_to(modules / name)
    return web


def bundle_with(
    web: Path, package: str, program: str = "export const value = Date.now();", **texts: str
) -> tuple[str, Path]:
    """What `node build.mjs` prints for a program that imports this package, and where it wrote the bundle."""
    library = web / "node_modules" / "library"
    library.mkdir()
    (library / "package.json").write_text(package)
    (library / "index.js").write_text(program)
    for name, text in texts.items():
        (library / name).write_text(text)
    node = web_build.find_node().node
    out = web.parent / "out"
    done = subprocess.run([node, "build.mjs", str(out)], cwd=web, capture_output=True, text=True, check=False)
    return done.stderr, out


PACKAGE = (
    '{"name": "library", "version": "1.2.3", "main": "index.js", "author": "Ada <a@b.example>", "license": "%s"}'
)


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "SEE LICENSE IN X", ""])
def test_only_permissive_licences_pass(small_web, licence):
    """A package whose licence is not a permissive one fails the build, with its name."""
    stderr, out = bundle_with(small_web, PACKAGE % licence)
    assert f'library 1.2.3 has the licence "{licence}"' in stderr
    assert not out.exists()


def test_every_package_has_its_licence(small_web):
    """A package is listed with version, licence and text; without a licence file, with its author."""
    _, out = bundle_with(small_web, PACKAGE % "MIT", LICENSE="You may use it.")
    assert (out / "licenses.txt").read_text() == "library 1.2.3 (MIT)\n\nYou may use it.\n"
    shutil.rmtree(small_web / "node_modules" / "library")
    _, out = bundle_with(small_web, PACKAGE % "ISC")
    expected = "library 1.2.3 (ISC)\n\nThe package has no licence text. Its author is Ada.\n"
    assert (out / "licenses.txt").read_text() == expected
    assert (out / "sources.sha256").read_text().strip() == web_build.source_hash(small_web)


def test_a_fault_of_a_source_is_named(small_web):
    """A source that does not bundle fails with file and line."""
    (small_web / "src" / "main.tsx").write_text("\nimport './missing';")
    stderr, _ = bundle_with(small_web, PACKAGE % "MIT")
    assert re.search(r'Error: src/main.tsx:2: Could not resolve "./missing"', stderr)


def test_no_program_ends_its_element(small_web):
    """A program that holds `<!--` fails the build: in a page it would change how the element ends."""
    stderr, out = bundle_with(small_web, PACKAGE % "MIT", 'export const value = "<!-- <script>";')
    assert "app.js holds a text that would end its element" in stderr
    assert not out.exists()
