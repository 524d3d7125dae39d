"""The command line with every run a bundle of its own, in random order: all else is the real thing.

python -m tests.experiments.shuffled VERB ...
"""

import random
import sys

from experiments import campaign, cli
from experiments.scheduling.bundle import Bundle

DRAW = random.Random(5)


def bundles(runs, examples):
    """The dearest comes first, so that random costs are a random order."""
    return [Bundle((run,), DRAW.random()) for run in runs]


if __name__ == "__main__":
    campaign.bundles = bundles  # type: ignore[assignment]
    sys.exit(cli.main())
