"""HTTP for all providers of servers.

Imports `errors`, `types` and `batch_api` only.

    server                a server: URL, key, whether it is reachable
    addresses             this machine, proxies
    fingerprint           the weights behind a model's name
    client                JSON requests, as an official SDK builds them
    connection            what an open client has: an SDK client, a transport
    prepared              URL and headers of each kind of request, built once by the SDK
    transport             one aiohttp session per server
    bodies                bodies of responses, limited in size
    streaming             server-sent events combined into one response
    parsing               fields of responses as this package's types
    refusals              a request again, without an optional parameter that the server refuses
    optional_parameters   those parameters, for each API
    hints                 what to do about a rejected request
    errors                HTTP statuses and malformed responses as exceptions
    base_provider         the base class of the providers with such a client
    base_batches          the base class of the batch APIs
"""
