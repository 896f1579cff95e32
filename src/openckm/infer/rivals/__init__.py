"""The product is measured against these published posterior samplers: P1's Algorithm 2 (DPS), MMPS, DiffPIR, DAPS."""
