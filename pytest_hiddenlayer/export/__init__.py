"""Runs as files for other programs: tables, LaTeX, a paper, Inspect logs, MLflow runs, JUnit XML."""
