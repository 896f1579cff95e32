"""This package joins prior and likelihood and draws from the posterior, by few-step samplers or P1's Algorithm 2."""
