"""The cloud collects maps, keeps a fixed suite, refreshes a prior on new regions, and judges it before it goes out.

Edges never load this package.
"""
