"""Presets: a strategy with parameters, and optionally a model, under a name: `--strategy preset:cisc`.

The files are `presets/NAME.yaml`, at the top of a checkout and in this package's folder in a wheel; a project
has its own in `presets/` of its root.
"""

from .lookup import FOLDER, all_presets, find_preset, preset_name, with_preset
from .preset_file import Preset

__all__ = ["FOLDER", "Preset", "all_presets", "find_preset", "preset_name", "with_preset"]
