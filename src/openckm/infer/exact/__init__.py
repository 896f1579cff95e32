"""Samplers and solves with closed-form steps: joint field sampling (jfs), its solver, terms and spectra."""
