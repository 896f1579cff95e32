"""The world that no prior knows: Gaussian discrepancy fields, their likelihood, nuisances and antenna patterns."""
