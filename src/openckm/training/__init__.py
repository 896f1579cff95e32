"""Training of priors: one trainer, its objective, averages of weights, and simulated evidence."""
