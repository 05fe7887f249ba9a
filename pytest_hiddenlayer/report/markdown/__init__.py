"""Markdown for comments on pull requests and summaries of CI jobs: of a comparison, or of one run."""
