"""Scores of maps, directions and ensembles, in plain numpy."""
