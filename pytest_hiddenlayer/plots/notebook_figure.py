"""A figure that a notebook shows once, whether pyplot is imported or not."""

from __future__ import annotations

from io import BytesIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image


class NotebookFigure(Figure):  # type: ignore[misc, unused-ignore]  # matplotlib may be missing
    """A matplotlib figure outside of pyplot: it opens no window and no figure manager keeps it."""

    def __init__(self, width: float, height: float) -> None:
        """Make an empty figure of this size in inches."""
        super().__init__(figsize=(width, height), dpi=100, layout="constrained", facecolor="white")
        FigureCanvasAgg(self)

    def _repr_png_(self) -> bytes:
        image, small = BytesIO(), BytesIO()
        self.savefig(image, format="png", bbox_inches="tight", metadata={"Software": None})
        colours = Image.open(image).convert("RGB").quantize(128, dither=Image.Dither.NONE)
        colours.save(small, format="png", optimize=True)  # a third of the size: outputs are committed
        return small.getvalue()
