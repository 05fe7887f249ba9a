"""Files: atomic writes, JSON Lines, locks, and the JSON forms of the data types. Imports `errors` and `types`.

atomic           replace a file in one step
codecs           requests, completions and records as plain JSON values
json_text        JSON that others wrote
metadata_types   checks of what the engine writes into the metadata of an answer
jsonl            logs of one JSON object per line
locks            locks between processes
writable         whether a folder can be written
secret_masking   command lines and messages without passwords and keys
"""
