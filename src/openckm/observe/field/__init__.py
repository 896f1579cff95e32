"""No prior knows all of the world: Gaussian discrepancies, nuisances and antenna patterns add to it."""
