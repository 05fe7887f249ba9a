"""Bundles the program of the report page from `web/` when a wheel or an editable install is built."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BundleBuildHook(BuildHookInterface[Any]):
    """A page without the bundle is plain: if the bundle cannot be built, the package still is."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node from the package index, if there is something to bundle."""
        web = _web_build(Path(self.root))
        needed = os.environ.get(web.SWITCH) != "0" and not web.is_fresh()
        return [web.NODE_REQUIREMENT] if needed else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the bundle and add its licences to those of the wheel; warn if it cannot be built."""
        if fault := _web_build(Path(self.root)).ensure():
            self.app.display_warning(f"The report page will be plain: {fault}")
        else:  # pyproject.toml cannot name it: its patterns are read before the file exists
            self.metadata.core.license_files.append(self._licenses())

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Take the licences back: a source distribution that is built next has no bundle."""
        if self._licenses() in self.metadata.core.license_files:
            self.metadata.core.license_files.remove(self._licenses())

    def _licenses(self) -> str:
        root = Path(self.root)
        return (_web_build(root).BUNDLE / "licenses.txt").relative_to(root.resolve()).as_posix()


def _web_build(root: Path) -> ModuleType:
    """The module `web/build.py`, which is in no package."""
    spec = importlib.util.spec_from_file_location("hiddenlayer_web_build", root / "web" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
