"""A run in LaTeX: escaped text, and the table of cells."""
