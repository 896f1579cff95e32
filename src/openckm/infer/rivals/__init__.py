"""Published posterior samplers that the product is measured against: P1's Algorithm 2 (DPS), MMPS, DiffPIR, DAPS."""
