"""What a user would otherwise write, each way a script of its own: nothing of ours trains here.

    python -m experiments.bench.rivals.fit_loop TASK.json

Each prints a JSON line when it is ready to train, and one for each run: seconds of each epoch (validation included, as
a user waits for it) and test accuracy.
"""
