"""The cloud's side: collect maps, keep a fixed suite, refresh a prior on new regions, and judge it before it goes out.

Edges never load this package.
"""
