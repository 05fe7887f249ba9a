"""What tests need that may be missing, and how to get it: the reasons with which they skip."""

from __future__ import annotations

NEEDS_MLX = "needs mlx: pip install 'mlx[cpu]' mlx-lm on Linux, pip install mlx-lm on a Mac with Apple silicon"
NEEDS_CHROMIUM = "needs Chromium: put chromium or google-chrome on PATH (Debian: apt-get install chromium)"
NEEDS_MATPLOTLIB = "needs matplotlib: pip install matplotlib"
NEEDS_NBCLIENT = "needs nbclient: pip install nbclient nbformat ipykernel"
