"""The tables of a cell's debates, as rows of text for a terminal and for Markdown."""
