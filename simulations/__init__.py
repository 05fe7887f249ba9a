"""Simulations of every rate that the documents state: `make simulate` measures them and writes the table."""
