"""Who trains what, when: bundles of runs that share a trace, and the processes that train them."""
