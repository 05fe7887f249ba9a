"""A figure that a notebook shows once, whether pyplot is imported or not."""

from __future__ import annotations

from io import BytesIO

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


class NotebookFigure(Figure):  # type: ignore[misc, unused-ignore]  # matplotlib may be missing
    """A matplotlib figure outside of pyplot: it opens no window and no figure manager keeps it."""

    def __init__(self, width: float, height: float) -> None:
        """Make an empty figure of this size in inches."""
        super().__init__(figsize=(width, height), dpi=100, layout="constrained", facecolor="white")
        FigureCanvasAgg(self)

    def _repr_png_(self) -> bytes:
        image = BytesIO()
        self.savefig(image, format="png", bbox_inches="tight", metadata={"Software": None})
        return image.getvalue()
