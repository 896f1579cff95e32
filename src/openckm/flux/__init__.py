"""Answers that begin at an answer to a similar question (RadioDiff-Flux, P2): stages, starts, a store and streams."""
