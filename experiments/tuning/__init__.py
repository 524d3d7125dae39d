"""Tuning: which rates to try (`space`), who proposes them (`oracles`), how far a cell has come (`cell`)."""
