"""These samplers and solvers have steps in closed form: joint field sampling (jfs), its solver, terms and spectra."""
