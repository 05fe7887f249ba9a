"""`ModelHooks`: arrays inside a model, read and replaced while it runs.

with ModelHooks(model, read=["residual_post"]) as hooks:
    model(token_ids)
hooks.values["residual_post", 3]  # mlx array [batch, tokens, width]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Any

from ..errors import ProbeError, UsageError, did_you_mean
from .attention.calls import AttentionCall, attention_listener
from .attention.softcap import SoftcapListener, has_own_softcap
from .attention.weights import AttentionWeights
from .interception import Args, Interceptor, Kwargs, intercepted
from .structure import Block, first_array, logits_of, structure_of

SITES: Mapping[str, str] = {
    "embeddings": "what enters layer 0, scaled as the model does: [batch, tokens, width]; layer 0 only",
    "residual_pre": "the residual stream before the layer: [batch, tokens, width]",
    "heads": "the heads' outputs side by side, before the output projection: [batch, tokens, heads * size]",
    "attention": "what attention returns, after its output norm if there is one: [batch, tokens, width]",
    "mlp": "what the MLP returns, after its output norm if there is one: [batch, tokens, width]",
    "residual_post": "the residual stream after the layer: [batch, tokens, width]",
}
"""Site → what it holds. `attention_weights` can be read too, and is found in `ModelHooks.attention`."""
ATTENTION_WEIGHTS = "attention_weights"

Replace = Callable[[int, str, Any], Any]
"""(layer from 0, site, mlx array) → the array that the model goes on with, of the same shape."""


class ModelHooks:
    """Reads and replaces arrays of every forward pass inside its `with` block, on the thread that entered it.

    `read` names sites, and `attention_weights`. `replace` maps a site to a function; a replaced value is what is
    read. `layers` limits both; by default all layers. Several hooks of one model may be nested: those entered first
    act first, so an inner one reads what an outer one replaced. At the end, after an exception too, the model is as
    it was. Raises UsageError for a site or layer that does not exist, and ProbeError for one that this model lacks.
    """

    def __init__(
        self,
        model: Any,
        *,
        read: Iterable[str] = (),
        replace: Mapping[str, Replace] | None = None,
        layers: Iterable[int] | None = None,
    ) -> None:
        self.structure = structure_of(model)
        self._model, self._read, self._replace = model, frozenset(read), dict(replace or {})
        self._layers = _checked_layers(layers, len(self.structure.blocks))
        for site in self._read | self._replace.keys():
            _check_site(site, replaced=site in self._replace)
        self.values: dict[tuple[str, int], Any] = {}
        """(site, layer) → array of the last forward pass."""
        self.attention: dict[int, AttentionWeights] = {}
        """Layer → attention weights of the last forward pass; layers without softmax attention are missing."""
        self.counts: dict[tuple[str, int], int] = {}
        """(site, layer) → how often it was reached since `clear`; more than once per pass is not supported."""
        self._layer: int | None = None  # the layer that runs now
        self._entered: ExitStack | None = None

    def __enter__(self) -> ModelHooks:
        if self._entered is not None:
            raise ProbeError(
                "these hooks are entered already: leave their `with` block first, or create a second ModelHooks"
            )
        pairs = [pair for index in self._layers for pair in self._pairs(self.structure.blocks[index])]
        with ExitStack() as stack:
            stack.enter_context(intercepted(pairs))
            if ATTENTION_WEIGHTS in self._read:
                stack.enter_context(attention_listener(self._model, self._heard))
            self._entered = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        entered, self._entered, self._layer = self._entered, None, None
        if entered is not None:
            entered.close()

    def clear(self) -> None:
        """Forget what was read."""
        self.values.clear()
        self.attention.clear()
        self.counts.clear()

    def _pairs(self, block: Block) -> list[tuple[Any, Interceptor]]:
        """The modules to intercept for one layer."""
        pairs = [(block.module, self._block(block))]
        ends = {"attention": block.attention_end, "mlp": block.mlp_end}
        for site, module in ends.items():
            if self._uses(site):
                pairs.append((_found(site, block, module), self._output(site, block.index)))
        if self._uses("heads"):
            pairs.append((_found("heads", block, block.projection), self._input("heads", block.index)))
        if ATTENTION_WEIGHTS in self._read and has_own_softcap(block.attention):
            listener = SoftcapListener(block.attention, self._weights_heard)
            pairs.append((block.attention, Interceptor(before=listener.before, after=listener.after)))
        return pairs

    def _uses(self, site: str) -> bool:
        return site in self._read or site in self._replace

    def _block(self, block: Block) -> Interceptor:
        index = block.index
        sites = [*(["embeddings"] if index == 0 else []), "residual_pre"]

        def before(args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
            self._layer = index
            return self._through_input(sites, index, args, kwargs)

        def after(result: Any) -> Any:
            self._layer = None
            return self._through_output("residual_post", index, result)

        return Interceptor(before=before, after=after)

    def _input(self, site: str, index: int) -> Interceptor:
        return Interceptor(before=lambda args, kwargs: self._through_input([site], index, args, kwargs))

    def _output(self, site: str, index: int) -> Interceptor:
        return Interceptor(after=lambda result: self._through_output(site, index, result))

    def _through_input(self, sites: list[str], index: int, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        array = first_array(args, kwargs)
        for site in sites:
            array = self._through(site, index, array)
        if args:
            return (array, *args[1:]), kwargs
        return args, {**kwargs, next(iter(kwargs)): array}

    def _through_output(self, site: str, index: int, result: Any) -> Any:
        array = self._through(site, index, logits_of(result))
        return (array, *result[1:]) if isinstance(result, tuple) else array

    def _through(self, site: str, index: int, array: Any) -> Any:
        import mlx.core as mx

        if site in self._replace:
            array = _checked_replacement(site, index, array, self._replace[site](index, site, array))
        if site in self._read:
            self.values[site, index] = mx.stop_gradient(array)  # operations in place do not change it
            self.counts[site, index] = self.counts.get((site, index), 0) + 1
        return array

    def _heard(self, call: AttentionCall) -> None:
        if self._layer is not None:
            self._weights_heard(call.weights())

    def _weights_heard(self, weights: AttentionWeights) -> None:
        if self._layer is not None:
            self.attention[self._layer] = weights
            key = ATTENTION_WEIGHTS, self._layer
            self.counts[key] = self.counts.get(key, 0) + 1


def _checked_layers(layers: Iterable[int] | None, n_layers: int) -> list[int]:
    if layers is None:
        return list(range(n_layers))
    chosen = sorted(set(layers))
    if wrong := [layer for layer in chosen if not 0 <= layer < n_layers]:
        raise UsageError(f"layers={wrong}: this model has layers 0 to {n_layers - 1}")
    return chosen


def _check_site(site: str, *, replaced: bool) -> None:
    names = [*SITES] if replaced else [*SITES, ATTENTION_WEIGHTS]
    if site not in names:
        verb = "replaced" if replaced else "read"
        raise UsageError(f"site {site!r} cannot be {verb}{did_you_mean(site, names)}; choose from {', '.join(names)}")


def _found(site: str, block: Block, module: Any | None) -> Any:
    if module is None:
        raise ProbeError(
            f"site {site!r} was not found in layer {block.index} ({type(block.module).__module__}): "
            "its attention and MLP could not be distinguished. `residual_pre` and `residual_post` work without it"
        )
    return module


def _checked_replacement(site: str, index: int, before: Any, after: Any) -> Any:
    shape = getattr(after, "shape", None)
    if shape != before.shape:
        raise UsageError(
            f"the function that replaces {site!r} in layer {index} returned {shape or type(after).__name__}; "
            f"return an mlx array of shape {before.shape}"
        )
    return after.astype(before.dtype)
