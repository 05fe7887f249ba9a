"""Providers of models: one module or package per provider; no other package imports an SDK.

Imports `errors`, `types`, `protocols`, `batch_api` and `models` only.

    openai, openai_responses, anthropic, ollama    models on a server
    openai_server, ollama_server                   the server: its URL, key and models
    openai_batch, anthropic_batch                  the vendors' batch APIs
    mlx/                                           models in this process
    recorded, scripted                             recorded outputs; replies from a JSON file
    http/                                          requests, responses and errors of all servers
"""
