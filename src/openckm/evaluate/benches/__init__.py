"""The benchmarks that `ckm bench NAME` runs, one module each."""
