"""Providers of models: one module per provider, and only that module (and `http/`, `mlx/`) imports its SDK.

Imports `errors`, `types` and `models` only.

    openai, openai_responses, anthropic, ollama    models on a server
    openai_server, ollama_server                   finding the server and its models
    batch_api, openai_batch, anthropic_batch       batch APIs: the protocol and two implementations
    mlx/                                           models in this process
    recorded, scripted                             recorded outputs; replies from a JSON file
    http/                                          requests, responses and errors of all servers
"""
