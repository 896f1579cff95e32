"""The node serves a page beside its JSON, so that a map can be seen, asked and changed in a browser."""
