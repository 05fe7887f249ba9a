"""Quantiles of the beta distribution without scipy, whose import takes longer than the statistics of a run."""

from __future__ import annotations

import math

MAX_SIZE = 100_000
"""Above this size, scipy's quantile is more exact, and its import takes a small part of a run."""
_TINY = 1e-300
_MAX_STEPS = 100_000
_EPSILON = 1e-15


def beta_quantile(a: float, b: float, probability: float) -> float:
    """Return x with I_x(a, b) = probability, for a and b of at least 1 and a probability in (0, 1).

    In closed form if a or b is 1; else by Newton's steps, with bisection if they leave the bracket. The relative
    error is about 1e-12 if a + b is at most 2000, and below 1e-9 at `MAX_SIZE`.
    """
    if b == 1:
        return math.pow(probability, 1 / a)
    if a == 1:
        return -math.expm1(math.log1p(-probability) / b)
    low, high = 0.0, 1.0
    x = a / (a + b)
    log_norm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    for _ in range(100):
        error = incomplete_beta(a, b, x) - probability
        low, high = (low, x) if error > 0 else (x, high)
        log_density = log_norm + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x)
        step = error * math.exp(-log_density) if -700 < log_density < 700 else math.inf
        newton = x - step
        guess = newton if low < newton < high else (low + high) / 2
        if guess in (x, low, high) or abs(guess - x) <= 2 * _EPSILON * x:
            return guess
        x = guess
    return x


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularized incomplete beta function I_x(a, b), the share of the distribution below x in (0, 1).

    The continued fraction of DLMF 8.17.22, by the algorithm of Lentz 1976, "Generating Bessel functions in Mie
    scattering calculations using continued fractions".
    """
    if x > (a + 1) / (a + b + 2):  # the fraction converges slowly there
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) / (a * _fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """Return 1 + d₁/(1 + d₂/(1 + …)), the denominator of DLMF 8.17.22."""
    numerator, denominator, value = 1.0, 0.0, 1.0
    for step in range(1, _MAX_STEPS):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1.0 / _nonzero(1.0 + term * denominator)
        numerator = _nonzero(1.0 + term / numerator)
        value *= numerator * denominator
        if abs(numerator * denominator - 1.0) < _EPSILON:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
