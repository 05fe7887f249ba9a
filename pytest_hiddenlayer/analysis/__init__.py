"""Analyses of finished runs: tournaments, annotation by people, and audits of judges.

They need a run's `records.jsonl` only and, to call a judge, `engine.judge_session`.

answers      players' answers to samples, shared by the packages below
annotation/  blind questions and reviews, in the terminal and on a local page
judge_audit/ biases of a judge, and its agreement with people and scores
tournament/  games between players, and their ranking
"""
