"""Prior times likelihood: draws of the posterior. Few-step samplers, and P1's Algorithm 2 (`dps`)."""
