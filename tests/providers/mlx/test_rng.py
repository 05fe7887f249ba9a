"""Random numbers for a seed: the published generator and the sequence of mlx."""

from __future__ import annotations

from itertools import islice

import pytest
from support.requirements import NEEDS_MLX

from pytest_hiddenlayer.providers.mlx.rng import BELOW_ONE, WORD, Uniforms, next_uniforms, threefry, uniforms


@pytest.mark.parametrize(
    ("count", "key", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((WORD, WORD), (WORD, WORD), (0x1CB996FC, 0xBB002BE7)),
        ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_threefry_known_answers(count, key, expected):
    """The block function returns the known answers that Random123 publishes for threefry2x32 with 20 rounds."""
    assert threefry(key, count) == expected


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1, 2**32, 2**40 + 5, 2**64 - 1])
def test_numbers_are_those_of_mlx(seed: int):
    """The first 50 numbers of a seed equal those of mlx's split and uniform, bit for bit."""
    mx = pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    key, expected = mx.random.key(seed), []
    for _ in range(50):
        key, now = mx.random.split(key)
        expected.append(mx.random.uniform(shape=(1,), key=now).item())
    assert list(islice(uniforms(seed), 50)) == expected


@pytest.mark.parametrize("counts", [(3, 40), (5, 40), (20, 30)])
def test_numbers_do_not_depend_on_the_other_seeds(counts):
    """Seeds that come and go while others draw have the numbers that they have alone."""
    n_seeds, n_draws = counts
    generators: list[Uniforms] = []
    drawn: dict[Uniforms, list[float]] = {}
    for step in range(n_draws):
        if len(generators) < n_seeds:
            generators.append(Uniforms(step * 2**33 + step))
            drawn[generators[-1]] = []
        active = generators[step % 3 :]
        for generator, number in zip(active, next_uniforms(active), strict=True):
            drawn[generator].append(number)
    for index, generator in enumerate(generators):
        assert drawn[generator] == list(islice(uniforms(index * 2**33 + index), len(drawn[generator])))


def test_numbers_can_be_given_back():
    """Numbers that are given back come again, also after many draws and among other seeds."""
    generators = [Uniforms(seed) for seed in range(5)]
    drawn = []
    for _ in range(40):
        numbers = next_uniforms([generators[0]] * 6 + generators[1:])
        generators[0].give_back(4)
        drawn += numbers[:2]
    assert drawn == list(islice(uniforms(0), 80))


def test_numbers_are_uniform():
    """Of 20000 numbers every tenth of [0, 1) has 2000 ± 200 (4.7 standard errors), and no number is 1."""
    drawn = list(islice(uniforms(3), 20_000))
    assert all(0 <= number <= BELOW_ONE for number in drawn)
    counts = [sum(int(number * 10) == tenth for number in drawn) for tenth in range(10)]
    assert all(1800 <= count <= 2200 for count in counts)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_rejected(seed: int):
    """A seed outside [0, 2**64) is an error that names it."""
    with pytest.raises(ValueError, match=rf"seed {seed} is not in"):
        uniforms(seed)


@pytest.mark.parametrize("temperature", [0.7, 1.0, 3.0])
def test_draws_are_those_of_mlx(temperature: float):
    """The sampled tokens of a seed equal those of mlx.random.categorical for one row."""
    mx = pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    from pytest_hiddenlayer.providers.mlx.sampling import Sampler, sample

    logits = mx.random.normal((1, 640), key=mx.random.key(9)) * 3
    row = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    key, expected = mx.random.key(5), []
    for _ in range(200):
        key, now = mx.random.split(key)
        expected.append(mx.random.categorical(row * (1 / temperature), key=now).item())
    sampler = Sampler.of(temperature, 1.0, 5)
    assert [sample(row, [0], [sampler]).item() for _ in range(200)] == expected
