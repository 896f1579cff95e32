"""The page: what the node serves beside its JSON so that a map can be seen, asked and changed in a browser."""
