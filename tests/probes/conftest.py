"""Tests of this folder need mlx."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("mlx") else ["test_*.py", "*/test_*.py"]
