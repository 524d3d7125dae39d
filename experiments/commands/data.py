"""``data``: the data sets that are here."""

import argparse
import textwrap

from experiments.commands.parser import OK, Verbs, with_data

RELEASE = {True: ", the canonical release", False: ", not verified as the canonical release", None: ""}
"""``canonical`` of a data set -> what is said of it."""


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

    rows = datasets.describe(given.data_dir)
    here, absent = ([row for row in rows if row["available"] is there] for there in (True, False))
    if here:
        print(f"{'here':15}{'task':12}{'train':>8}{'valid.':>8}{'test':>8}  fingerprint")
    for row in here:
        sizes = "".join(f"{row[part]:8d}" for part in ("train", "validation", "test"))
        print(f"{row['name']:15}{row['task']:12}{sizes}  {row['fingerprint'][:16]}")
        print(_folded(f"{row['provenance']}{RELEASE[row['canonical']]}; {row['split']}"))
    if absent:
        print(("\n" if here else "") + "not here")
    for row in absent:
        print(f"{row['name']:15}{row['task']}")
        print(_folded(row["problem"]))
    return OK


def _folded(text: str) -> str:
    return textwrap.fill(text, 80, initial_indent=" " * 15, subsequent_indent=" " * 15, break_long_words=False)
