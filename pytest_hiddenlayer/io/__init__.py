"""Files: atomic writes, JSON Lines, locks, and the JSON forms of the data types. Imports `errors` and `types`.

atomic           replace a file in one step
codecs           requests, completions and records as plain JSON values
json_text        JSON that others wrote
metadata_types   checks of what the engine writes into the metadata of an answer
jsonl            logs of one JSON object per line
limited_json     JSON of servers, within limits of memory and depth
locks            locks between processes
places           which files are read and written: no devices, no links out of the project
writable         whether a folder can be written
"""
