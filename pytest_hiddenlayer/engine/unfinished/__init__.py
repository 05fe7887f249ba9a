"""Answered calls of cases that are not finished: written for a later run, and reused by it.

completed_call   one answered call as a line of JSON
case_calls       the calls of one case
"""
