"""Files: atomic writes, JSON Lines, locks, and the JSON forms of the data types. Imports `errors` and `types`.

atomic           replace a file in one step
codecs           requests, completions and records as plain JSON values
json_text        JSON that others wrote
metadata_types   checks of what the engine writes into the metadata of an answer
jsonl            logs of one JSON object per line
links            paths that lead out of a project
limited_json     JSON of servers, within limits of memory and depth
locks            locks between processes
regular_files    files that are neither devices nor pipes, and logs that are no links
writable         whether a folder can be written
"""
