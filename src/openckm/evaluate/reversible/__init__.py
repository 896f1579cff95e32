"""What benchmarks `memory` and `adapt` measure: training steps under a recompute policy, and ways to teach a prior."""
