"""Reads the parameters of strategies that mix several models."""

from __future__ import annotations

from ..types import Models


def model_names(models: Models) -> tuple[str, ...]:
    """Returns the models of a `Models` parameter, in order; empty if the parameter is empty."""
    return tuple(filter(None, models.split("+")))


def nth_model(models: Models, index: int) -> str:
    """Returns the model of a member, assigned in rotation from index 0; empty (the candidate) without models."""
    names = model_names(models)
    return names[index % len(names)] if names else ""


class _OneModel:
    """A condition on a `Models` parameter: it names at most one model."""

    def fault(self, value: str) -> str | None:
        """Returns what the value must be; None if it fits."""
        return "must name one model" if len(model_names(value)) > 1 else None


ONE_MODEL = _OneModel()
"""In an annotation `Annotated[Models, ONE_MODEL]`: the parameter names at most one model."""
