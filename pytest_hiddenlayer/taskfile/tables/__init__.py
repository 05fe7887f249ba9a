"""Rows of data files that are tables: CSV and Parquet."""
