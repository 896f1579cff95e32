"""One-pass predictors: from what is known of a site to its map."""
