"""Finished runs as columns: records compacted to Parquet, and metrics and comparisons of a million of them.

row            the columns, and their values for one record
tables         records as tables of pyarrow
compaction     writes records.parquet, reads it back, and removes records.jsonl if asked to
run_columns    the columns of a run, and the rows of its cells
row_records    single records, by their position in the log
cell_columns   the rows of one cell, and its samples
cell_metrics   metrics of cells, and cells as sides of a comparison
sample_tables  samples that are made only if they are asked for
pairs          the samples of two sides that are compared
"""
