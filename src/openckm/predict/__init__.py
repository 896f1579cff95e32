"""One-pass predictors: from what is known of a map to the map, without a prior."""
