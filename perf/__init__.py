"""Measurements of speed, each beside another way to do the same: `python -m perf NAME` (see __main__)."""
