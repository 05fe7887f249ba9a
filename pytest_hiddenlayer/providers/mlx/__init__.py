"""The `mlx` provider: models that run in this process, on one thread.
Imports `errors`, `types` and `models` only.

provider         the provider: names, limits, usage
loading          loading a model; imports, tokenizers    imports of mlx-lm, the two kinds of tokenizers
decoder          the thread that decodes all requests in one batch; jobs    a request and its result
prefix_cache     key-value caches of common prompt prefixes
sampling, rng    tokens from distributions, random numbers from seeds
blas             a fast BLAS for mlx on Linux
"""
