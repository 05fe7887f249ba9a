"""The records of a large run while it runs: texts in its log, and in memory columns of what metrics and gates read.

answer_columns  the columns of one cell, with a slot per sample and epoch
number_column   numbers, known, unknown or absent
records         all records as a sequence, read from the log when they are asked for
sample_results  the samples of a cell over their epochs
metrics         the metrics of a cell
"""
