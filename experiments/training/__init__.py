"""Training engines: one loop (`loop`), two ways to make its epochs (`reference`, `compiled`); `stacked` trains many."""
