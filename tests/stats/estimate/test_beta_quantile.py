"""The quantile of the beta distribution against scipy's."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc, betaincinv

from pytest_hiddenlayer.stats.estimate.beta_quantile import MAX_SIZE, beta_quantile, incomplete_beta
from pytest_hiddenlayer.stats.estimate.mean_interval import clopper_pearson


@given(n=st.integers(1, MAX_SIZE - 1), share=st.floats(0, 1), probability=st.sampled_from((0.025, 0.5, 0.975)))
def test_the_quantile_is_scipys(n: int, share: float, probability: float):
    """For every count of right answers it is scipy's, to 1e-11 relative below 2000 answers, else to 1e-9."""
    right = round(share * n)
    a, b = right + 1, n - right + 1
    tolerance = 1e-11 if n < 2000 else 1e-9
    assert beta_quantile(a, b, probability) == pytest.approx(float(betaincinv(a, b, probability)), rel=tolerance)


@given(a=st.integers(1, 1000), b=st.integers(1, 1000), x=st.floats(0.001, 0.999))
def test_the_incomplete_beta_function_is_scipys(a: int, b: int, x: float):
    """The share of the distribution below x is scipy's, to 1e-11."""
    assert incomplete_beta(a, b, x) == pytest.approx(float(betainc(a, b, x)), abs=1e-11)


def test_a_published_interval():
    """7 of 10: Clopper and Pearson's interval is [0.348, 0.933], and that of 10 of 10 is [0.025^(1/10), 1]."""
    assert clopper_pearson(7, 10) == pytest.approx((0.3475, 0.9333), abs=5e-5)
    assert clopper_pearson(10, 10) == pytest.approx((0.025**0.1, 1.0), rel=1e-14)


def test_the_interval_of_few_answers_imports_no_scipy():
    """The interval of 1000 independent right or wrong answers is computed without importing scipy or numpy."""
    code = (
        "import sys\n"
        "from pytest_hiddenlayer.stats.estimate.mean_interval import estimate\n"
        "assert estimate([0.0, 1.0] * 500).ci95\n"
        "print(sorted({'numpy', 'scipy'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
