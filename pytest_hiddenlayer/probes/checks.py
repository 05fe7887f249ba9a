"""The checks of a verification: what must hold, what was measured, and which probes depend on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .attention.weights import AttentionWeights, rebuilt_output
from .evidence import MAX_WINDOW, Evidence
from .hooks import ATTENTION_WEIGHTS, SITES

LENS = "lens"
EVERYTHING = (*SITES, ATTENTION_WEIGHTS, LENS, "token_logprobs")
REBUILD = {"float32": 5e-5, "float16": 2e-2, "bfloat16": 1e-1}
"""Precision of the model → tolerance for weights times values, relative to the largest output if it exceeds 1."""
ADDITIVE = {"float32": 5e-5, "float16": 2e-2, "bfloat16": 1e-1}
"""Precision → tolerance for a sum of all layers, relative to the largest value of the residual stream."""
LATER = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 1e-1}
"""Precision → how much earlier logits may change with a later token, relative to the largest logit."""
ROWS = 1e-5


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check. `measured` is None if it could not be tested; `note` says why."""

    name: str
    claim: str
    measured: float | None
    tolerance: float
    probes: tuple[str, ...]  # refused if the check fails
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the measured value is a number within the tolerance, or the check does not apply."""
        return self.measured is None or self.measured <= self.tolerance  # NaN: no

    @property
    def reason(self) -> str:
        """Why the check failed."""
        return f"check `{self.name}` failed: {self.claim}, but {self.measured:.3g} > {self.tolerance:.3g}{self.note}"

    def __str__(self) -> str:
        value = "not tested" if self.measured is None else f"{self.measured:.3g} ≤ {self.tolerance:.3g}"
        word = "-" if self.measured is None else "ok" if self.passed else "FAILED"
        return f"{word:6s} {self.name}: {self.claim} ({value}{self.note})"


def logit_checks(evidence: Evidence) -> list[Check]:
    """Return the checks of the model as a whole and of the lens."""
    differing = sum(1 for n in evidence.counts.values() if n != 1)
    repeated = sorted({site for (site, _), n in evidence.counts.items() if n != 1})
    limit = LATER.get(evidence.precision, 0.0) * max(1.0, largest(evidence.logits))
    later = difference(evidence.logits[:, :-1], evidence.changed_logits[:, :-1])
    return [
        _check("logits_unchanged", "logits are bit-identical while everything is read",
               difference(evidence.logits, evidence.hooked_logits), 0, EVERYTHING),
        _check("restored", "after an error inside a hook, classes and logits are as before",
               difference(evidence.logits, evidence.restored_logits) + (not evidence.classes_restored), 0,
               EVERYTHING),
        _check("reached_once", "each site is reached once per pass; how many are not", differing, 0,
               tuple(repeated), f" ({', '.join(repeated)})" if repeated else ""),
        _check("later_tokens", "a new last token leaves earlier logits as they are", later, limit, EVERYTHING),
        _check("lens_last", "the lens of the last layer equals the logits",
               difference(evidence.lens_last, evidence.logits), 0, (LENS,)),
        _check("lens_reads", "the lens depends on the residual stream; 1 if it does not",
               float(difference(evidence.lens_first, evidence.logits) == 0), 0, (LENS,)),
    ]  # fmt: skip


def stream_checks(evidence: Evidence) -> tuple[list[Check], float | None]:
    """Return the checks of what layers add to the residual stream, and the multiplier of what they add."""
    values, n = evidence.values, len(evidence.structure.blocks)
    last, first = _f32(values["residual_post", n - 1]), _f32(values["embeddings", 0])
    chained = max(
        (difference(values["residual_post", i], values["residual_pre", i + 1]) for i in range(n - 1)), default=0.0
    )
    checks = [
        _check("chained", "what enters a layer is what the previous one returned", chained, 0,
               ("residual_pre", "residual_post", LENS))
    ]  # fmt: skip
    if {"attention", "mlp"} & evidence.missing.keys():
        return checks, None
    parts = sum(_f32(values[site, i]) for i in range(n) for site in ("attention", "mlp"))
    multiplier = _multiplier(parts, last - first)
    measured = difference(first + multiplier * parts, last) / max(largest(last), 1e-30)
    note = "" if multiplier == 1 else f"; with multiplier {multiplier:.6g}"
    claim = "embeddings + Σ(attention + MLP) equals the residual stream"
    checks.append(
        _check("additive", claim, measured, ADDITIVE.get(evidence.precision, 0.0), ("attention", "mlp"), note)
    )
    return checks, multiplier


def attention_checks(evidence: Evidence) -> list[Check]:
    """Return the checks of attention weights and heads."""
    if not evidence.attention:
        return []
    calls = evidence.attention.items()
    probes = (ATTENTION_WEIGHTS,)
    tolerance = REBUILD.get(evidence.precision, 0.0)
    rebuilt = [_rebuild_error(evidence, layer, call) for layer, call in calls]
    checks = [
        _check("rebuilt", "weights times values equals what the model computed", worst(rebuilt), tolerance, probes),
        _check(
            "rows", "weights of a row and its sink sum to 1", worst([_row_error(c) for _, c in calls]), ROWS, probes
        ),
        _check("look_ahead", "no weight is on a later token", worst([_ahead(c) for _, c in calls]), 0, probes),
        _windows(evidence),
    ]
    if "heads" not in evidence.missing:
        heads = [_heads_error(evidence, layer, call) for layer, call in calls]
        claim = "the input of the output projection is the heads' outputs side by side"
        checks.append(_check("heads", claim, worst(heads), tolerance, ("heads",)))
    return checks


def _windows(evidence: Evidence) -> Check:
    """Each layer sees everything or exactly the window; the text must be longer than the window."""
    window, n_tokens = evidence.window, evidence.logits.shape[1]
    if window is None or n_tokens <= window:
        note = (
            "; the configuration states no window" if window is None else f"; window {window}, > {MAX_WINDOW} tokens"
        )
        return _check("windows", "each layer reaches as far back as its window", None, 0, (ATTENTION_WEIGHTS,), note)
    wrong = sum(reach(call.weights) not in (n_tokens - 1, window - 1, window) for call in evidence.attention.values())
    claim = f"each layer reaches back to the first token or {window} tokens; layers that do not:"
    return _check("windows", claim, wrong, 0, (ATTENTION_WEIGHTS,))


def reach(weights: Any) -> int:
    """Return how many tokens back the farthest weight above 0 lies, for keys in order."""
    import mlx.core as mx

    n_queries, n_keys = weights.shape[-2:]
    distance = mx.arange(n_keys - n_queries, n_keys)[:, None] - mx.arange(n_keys)[None]
    farthest: Any = mx.where(weights.max(axis=(0, 1)) > 0, distance, 0).max()
    return int(farthest.item())


def _rebuild_error(evidence: Evidence, layer: int, call: AttentionWeights) -> float:
    output = _joined(evidence, layer, call) if call.output is None else _f32(call.output)
    return difference(rebuilt_output(call), output) / max(1.0, largest(output))


def _heads_error(evidence: Evidence, layer: int, call: AttentionWeights) -> float:
    expected = rebuilt_output(call) if call.output is None else _f32(call.output)
    side_by_side = _joined(evidence, layer, call)
    if side_by_side.shape != expected.shape:
        return float("inf")
    return difference(side_by_side, expected) / max(1.0, largest(expected))


def _joined(evidence: Evidence, layer: int, call: AttentionWeights) -> Any:
    heads = _f32(evidence.values["heads", layer])
    batch, tokens, _ = heads.shape
    return heads.reshape(batch, tokens, call.weights.shape[1], -1).transpose(0, 2, 1, 3)


def _row_error(call: AttentionWeights) -> float:
    total = call.weights.sum(axis=-1) + (0 if call.sinks is None else call.sinks)
    return largest(total - 1)


def _ahead(call: AttentionWeights) -> float:
    import mlx.core as mx

    return largest(mx.triu(call.weights, k=1))


def _multiplier(parts: Any, added: Any) -> float:
    """The factor of all parts by least squares; 1 if it is 1 within rounding, or unknown."""
    scale = (parts * parts).sum().item()
    fitted = (parts * added).sum().item() / scale if scale else 1.0
    return 1.0 if abs(fitted - 1) < 1e-3 or fitted != fitted else fitted


def _check(
    name: str, claim: str, measured: float | None, tolerance: float, probes: Sequence[str], note: str = ""
) -> Check:
    value = None if measured is None else float(measured)
    return Check(name=name, claim=claim, measured=value, tolerance=tolerance, probes=tuple(probes), note=note)


def largest(array: Any) -> float:
    """Return the largest magnitude; NaN if one value is NaN."""
    import mlx.core as mx

    if array.size == 0:
        return 0.0
    magnitude: Any = mx.abs(_f32(array)).max()
    return float("nan") if mx.isnan(array).any().item() else float(magnitude.item())


def difference(a: Any, b: Any) -> float:
    """Return the largest difference of two arrays; infinite if their shapes differ."""
    return float("inf") if a.shape != b.shape else largest(_f32(a) - _f32(b))


def worst(errors: Sequence[float]) -> float:
    """Return the largest error; NaN if one is NaN."""
    return float("nan") if any(error != error for error in errors) else max(errors, default=0.0)


def _f32(array: Any) -> Any:
    import mlx.core as mx

    return array.astype(mx.float32)
