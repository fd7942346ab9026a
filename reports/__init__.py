"""Samples and verdicts -> what a person takes away: documents and tables as HTML, Markdown and CSV."""
