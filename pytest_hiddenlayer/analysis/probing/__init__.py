"""The answers of a finished run, read by their model again: arrays beside the records.

answer_call   which call of a record's transcript is the answer, as tokens
probe_run     every answer of a run, one file each
"""
