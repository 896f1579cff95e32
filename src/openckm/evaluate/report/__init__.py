"""Rows of results, and how they are kept and printed."""
