"""Speed, measured: `speed` against what a user would otherwise write, `growth` from few runs to many."""
