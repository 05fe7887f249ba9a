"""The blocks of a model and their parts, found by running it on a few tokens and following the arrays.

Names of attributes differ between architectures. The flow of arrays does not: the attention of a block is the part
that calls scaled_dot_product_attention, its output projection is the part whose result it returns, and a norm after
attention or MLP is the part that receives their result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ..errors import ProbeError, UsageError
from .attention.calls import AttentionCall, attention_listener
from .attention.softcap import own_softcap_heads
from .interception import Interceptor, intercepted
from .per_model import PerModel

N_TOKENS = 8  # of the run that finds the parts


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Block:
    """One layer of a model."""

    index: int
    module: Any
    attention: Any | None  # the part that mixes tokens; None: not found
    attention_end: Any | None  # the part whose result is added to the residual stream: attention or its output norm
    mlp: Any | None
    mlp_end: Any | None
    projection: Any | None  # the part of attention that mixes the heads' outputs; None: not found
    n_heads: int | None  # of the softmax attention; None: the layer has none, or it was not found
    heads_width: int | None  # heads × size of one; None: the projection was not found


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Structure:
    """The blocks of a model."""

    blocks: tuple[Block, ...]
    width: int  # of the residual stream
    vocabulary: int  # of the logits
    returns_tuples: bool  # whether a layer returns more than the residual stream


_structures: PerModel[Structure] = PerModel()


def structure_of(model: Any) -> Structure:
    """Return the blocks of a model, found once per model. Raises ProbeError if they cannot be followed."""
    return _structures.get(model, lambda: _found(model))


def logits_of(output: Any) -> Any:
    """Return the logits [batch, tokens, vocabulary] of what a model returned: some return a tuple."""
    return output[0] if isinstance(output, tuple) else output


def first_array(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the first argument of a call: the array that goes through the module."""
    return args[0] if args else next(iter(kwargs.values()))


def blocks_of(model: Any) -> list[Any]:
    """Return the modules that the residual stream goes through, in order. Raises ProbeError if there are none."""
    module_type = import_module("mlx.nn").Module
    if not isinstance(model, module_type):
        raise UsageError(
            f"model: a loaded model of mlx-lm is needed, got {type(model).__name__}; "
            "pass `load_probe_model(NAME).model`"
        )
    try:
        layers = model.layers
    except AttributeError:
        layers = None
    if isinstance(layers, list | tuple) and layers and all(isinstance(layer, module_type) for layer in layers):
        return list(layers)
    lists = [
        value
        for _, module in model.named_modules()
        for value in module.values()
        if isinstance(value, list) and value and all(isinstance(item, module_type) for item in value)
    ]
    if not lists:
        raise ProbeError(f"the layers of {type(model).__module__} were not found: it has no list of modules")
    return max(lists, key=len)


@dataclass(slots=True, eq=False)
class _Call:
    """One call of a part of a block."""

    part: Any
    argument: Any
    result: Any = None
    n_heads: int | None = None  # of an attention call inside this part


@dataclass(slots=True, eq=False)
class _Trace:
    """The calls of one run. Arrays are kept, so that identity means the same array."""

    children: dict[int, list[_Call]] = field(default_factory=dict)  # block → its parts' calls in order
    grandchildren: list[_Call] = field(default_factory=list)
    blocks: dict[int, list[tuple[Any, Any]]] = field(default_factory=dict)
    running: list[_Call] = field(default_factory=list)
    tuples: bool = False

    def heard(self, call: AttentionCall) -> None:
        for part in self.running:
            part.n_heads = call.arguments["queries"].shape[1]


def _found(model: Any) -> Structure:
    import mlx.core as mx

    modules, trace = blocks_of(model), _Trace()
    if len({id(module) for module in modules}) < len(modules):
        raise ProbeError(
            f"{type(model).__module__} runs one layer several times in a pass: its layers share a module"
        )
    pairs: list[tuple[Any, Interceptor]] = []
    for index, module in enumerate(modules):
        pairs.append((module, _block_recorder(trace, index)))
        for child in _children(module):
            pairs.append((child, _recorder(child, trace, trace.children.setdefault(index, []))))
            pairs += [(part, _recorder(part, trace, trace.grandchildren)) for part in _children(child)]
    with intercepted(pairs), attention_listener(model, trace.heard):
        logits = logits_of(model(mx.arange(1, N_TOKENS + 1)[None]))
        mx.eval(logits)
    width = _checked_width(trace, len(modules), type(model).__module__)
    blocks = tuple(_block(index, module, trace) for index, module in enumerate(modules))
    return Structure(blocks=blocks, width=width, vocabulary=logits.shape[-1], returns_tuples=trace.tuples)


def _checked_width(trace: _Trace, n_blocks: int, name: str) -> int:
    for index in range(n_blocks):
        calls = trace.blocks.get(index, [])
        if len(calls) != 1:
            raise ProbeError(f"layer {index} of {name} is called {len(calls)} times in one pass, not once")
        before, after = calls[0]
        if before.ndim != 3 or before.shape != after.shape:
            raise ProbeError(
                f"layer {index} of {name} turns {before.shape} into {after.shape}: "
                "a residual stream [batch, tokens, width] was expected"
            )
    width: int = trace.blocks[0][0][0].shape[-1]
    return width


def _block(index: int, module: Any, trace: _Trace) -> Block:
    calls = trace.children.get(index, [])
    writers = [call for call in calls if _has_matrix(call.part)]
    mixing = [call for call in writers if call.n_heads]
    others = [call for call in writers if not call.n_heads]
    attention = mlp = None
    if len(mixing) == 1 and len(others) <= 1:
        attention, mlp = mixing[0], others[0] if others else None
    elif not mixing and len(others) == 2:  # attention of its own, or another way to mix tokens
        attention, mlp = others
    projection = None if attention is None else _returned_part(attention, trace.grandchildren)
    return Block(
        index=index,
        module=module,
        attention=attention and attention.part,
        attention_end=attention and _end(attention, calls),
        mlp=mlp and mlp.part,
        mlp_end=mlp and _end(mlp, calls),
        projection=projection and projection.part,
        n_heads=None if attention is None else attention.n_heads or own_softcap_heads(attention.part),
        heads_width=None if projection is None else projection.argument.shape[-1],
    )


def _end(call: _Call, calls: list[_Call]) -> Any:
    """The norm that receives the result of a part, else the part."""
    behind = [other.part for other in calls if other.argument is call.result and not _has_matrix(other.part)]
    return behind[0] if len(behind) == 1 else call.part


def _returned_part(attention: _Call, calls: list[_Call]) -> _Call | None:
    return next((call for call in calls if call.result is attention.result), None)


def _block_recorder(trace: _Trace, index: int) -> Interceptor:
    inputs: list[Any] = []

    def before(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        inputs.append(first_array(args, kwargs))
        return args, kwargs

    def after(result: Any) -> Any:
        trace.tuples = trace.tuples or isinstance(result, tuple)
        trace.blocks.setdefault(index, []).append((inputs.pop(), logits_of(result)))
        return result

    return Interceptor(before=before, after=after)


def _recorder(part: Any, trace: _Trace, calls: list[_Call]) -> Interceptor:
    def before(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        call = _Call(part, first_array(args, kwargs) if args or kwargs else None)
        calls.append(call)
        trace.running.append(call)
        return args, kwargs

    def after(result: Any) -> Any:
        call = trace.running.pop()
        call.result = logits_of(result)
        return result

    return Interceptor(before=before, after=after)


def _children(module: Any) -> list[Any]:
    module_type = import_module("mlx.nn").Module
    return [child for child in module.children().values() if isinstance(child, module_type)]


def _has_matrix(module: Any) -> bool:
    tree_flatten = import_module("mlx.utils").tree_flatten
    return any(weights.ndim >= 2 for _, weights in tree_flatten(module.parameters()))
