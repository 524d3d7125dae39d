"""``data``: the data sets that are here."""

import argparse

from experiments.commands.parser import OK, Verbs, with_data


def add(verbs: Verbs) -> None:
    with_data(
        verbs.add(
            "data",
            run,
            "list the data sets that are here, from where, with which fingerprint",
            "data",
            "data --data-dir ~/data",
        )
    )


def run(given: argparse.Namespace) -> int:
    from experiments import datasets

    for row in datasets.describe(given.data_dir):
        print("  ".join(f"{key}: {value}" for key, value in row.items()))
    return OK
