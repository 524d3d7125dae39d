"""``python -m experiments VERB``."""

import sys

if __name__ == "__main__":
    from experiments.cli import main

    sys.exit(main())
