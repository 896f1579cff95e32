"""One-pass networks: their samples, their training, and what they cost."""
