"""What the providers of HTTP servers share: client, errors, parsing, streaming, transport."""
