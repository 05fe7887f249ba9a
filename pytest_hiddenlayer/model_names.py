"""Names of models as the user writes them: `PROVIDER[:MODEL]`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .errors import UsageError
from .identifiers import slugs
from .protocols import traits_of
from .registry import providers
from .types import ModelName


def parse_model(text: str, option: str = "--hl-provider") -> ModelName:
    """Parse `PROVIDER[:MODEL]`, split at the first colon. Raises UsageError if a part is empty."""
    provider, colon, model = text.partition(":")
    if not provider or (colon and not model):
        raise UsageError(f"{option} {text!r}: write PROVIDER or PROVIDER:MODEL")
    return ModelName(provider=provider, model=model or None)


def name_models(
    texts: tuple[str, ...],
    model: str | None,
    require_registered: Callable[[str], object],
    adapter: str | None = None,
) -> tuple[ModelName, ...]:
    """The models of `--provider`, `--model` and `--adapter`. `require_registered` raises for an unknown provider.

    Raises UsageError if `--model` is given and not exactly one provider is named without a model, and if
    `--adapter` is given and not exactly one provider has adapters.
    """
    names = _with_model(texts, model, require_registered)
    return names if adapter is None else _with_adapter(names, adapter)


def _with_adapter(names: tuple[ModelName, ...], adapter: str) -> tuple[ModelName, ...]:
    tuned = [name for name in names if traits_of(providers.get(name.provider)).with_adapter is not None]
    if len(tuned) != 1:
        shown = " ".join(f"--hl-provider {name}" for name in names)
        raise UsageError(
            f"--hl-adapter {adapter!r} needs exactly one provider with adapters, such as mlx; found {shown}. "
            f"Write --hl-provider mlx:MODEL:{adapter} instead"
        )
    named = traits_of(providers.get(tuned[0].provider)).with_adapter
    assert named is not None
    changed = ModelName(provider=tuned[0].provider, model=named(tuned[0].model, adapter))
    return tuple(changed if name == tuned[0] else name for name in names)


def _with_model(
    providers: tuple[str, ...], model: str | None, require_registered: Callable[[str], object]
) -> tuple[ModelName, ...]:
    names = tuple(parse_model(text) for text in providers)
    for name in names:
        require_registered(name.provider)
    doubled = {str(name) for name in names if names.count(name) > 1}
    if doubled:
        raise UsageError(f"--hl-provider {', '.join(sorted(doubled))} was given twice; leave one out")
    if model is None:
        return names
    open_ones = [name for name in names if name.model is None]
    if len(open_ones) != 1:
        shown = " ".join(f"--hl-provider {name}" for name in names) or "no --hl-provider"
        raise UsageError(
            f"--hl-model {model!r} needs exactly one --hl-provider without a model; found {shown}. "
            f"Write --hl-provider PROVIDER:{model} instead"
        )
    if not model:
        raise UsageError("--hl-model is empty; write a folder or a name")
    return tuple(ModelName(provider=n.provider, model=model) if n.model is None else n for n in names)


def model_slugs(models: Iterable[ModelName]) -> dict[ModelName, str]:
    """The unique slug of every model."""
    full_names = {name: full_name(name) for name in models}
    by_full_name = slugs(dict.fromkeys(full_names.values()))
    return {name: by_full_name[full_names[name]] for name in full_names}


def full_name(model: ModelName) -> str:
    """The model's full name; the provider's default model if the user named none."""
    if model.model is not None:
        return model.model
    return traits_of(providers.get(model.provider)).default_model or model.provider
