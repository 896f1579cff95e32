"""The cases that benchmarks run on: measured cells, splits, and the floors of ray-traced truth."""
