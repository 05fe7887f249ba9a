"""The `mlx` provider: models that run in this process, on one thread.

Imports `errors`, `types`, `protocols`, `models` and `local_models` only.

    provider        the provider: names, limits, usage
    model_files     from a model's name to its files
    adapters        checks of adapters of fine-tuned models, and loading them
    weight_sizes    memory of weights, read from their files
    weights_fingerprint  a hash of a base model's contents
    loading         loading a model from a folder or the hub
    imports         imports of mlx-lm without transformers
    tokenizers      the two kinds of tokenizers
    end_tokens      the tokens that end a response
    decoder         the thread that decodes all requests in one batch
    decoding        the batch: prompts, rows, drafts, steps and results
    memory          limits of key-value caches
    functions       functions that run on that thread between two steps
    jobs            a request in that thread, and its result
    prefix_cache    key-value caches of common prompt prefixes
    sampling        tokens from distributions
    rng             random numbers from seeds
    blas            a fast BLAS for mlx on Linux
"""
