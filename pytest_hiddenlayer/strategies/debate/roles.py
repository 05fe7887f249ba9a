"""The roles of agents: names with a description in a prompt, or descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ParameterError
from ...protocols import Context


def role_names(roles: str, minimum: int = 2) -> tuple[str, ...]:
    """Returns the roles of a parameter, joined by `+`, in order. Raises ParameterError if there are too few."""
    names = tuple(name.strip() for name in roles.split("+") if name.strip())
    if len(names) < minimum:
        raise ParameterError(f"roles must name at least {minimum}, joined by +, got {roles!r}", parameter="roles")
    return names


def check_roles(params: Mapping[str, Any], given: object) -> None:
    """Raises ParameterError if `roles` names fewer than two."""
    role_names(params["roles"])


def describe(context: Context, strategy: str, role: str, model: str) -> str:
    """Returns the text that makes a model take a role: the description of its name, else the role as written."""
    return context.render(f"{strategy}/role", model=model, role=role)
