"""The answers of a finished run, read again by their model: arrays are written next to the records.

answer_call   which call of a record's transcript is the answer, as tokens
probe_run     every answer of a run, one file each
"""
