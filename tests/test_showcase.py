"""What is committed as results agrees with itself and with the README."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from experiments.claims import page
from experiments.claims.table import CLAIMS
from experiments.commands.components import KNOWN

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "results" / "showcase" / "claims"


@pytest.fixture(scope="module")
def entries():
    return json.loads((FOLDER / "claims.json").read_text(encoding="utf-8"))["claims"]


def test_every_claim_of_this_version_has_its_entry_at_full_budget(entries):
    assert {entry["id"]: entry["version"] for entry in entries} == {
        claim.id: claim.version for claim in CLAIMS.values()
    }
    assert {entry["budget"] for entry in entries} == {"full"}


def test_the_rules_and_statements_are_those_of_the_code(entries):
    for entry in entries:
        claim = CLAIMS[entry["id"]]
        assert (entry["rule"], entry["statement"]) == (claim.rule, claim.statement), claim.id


def test_every_claim_has_a_verdict_and_a_figure(entries):
    assert not [entry["id"] for entry in entries if entry["verdict"] == "broken"]
    for entry in entries:
        assert (FOLDER / entry["figure"]).is_file()


def test_the_readme_has_its_table(entries):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    told = text.partition("<!-- verdicts -->\n")[2].partition("<!-- end of verdicts -->")[0]
    assert told.strip() == page.verdict_table(entries, "results/showcase/claims/claims.md").strip()
    assert f"tests {len(CLAIMS)} sentences" in text


NETS = {
    "8 dense layers, MNIST (5,000 images)": ("mnist-5k", "mlp", "depth 8"),
    "CNN, CIFAR-10 (4,000 images)": ("cifar10-4k", "cnn-slim", ""),
}


def test_the_readme_tells_what_survives_as_it_was_measured():
    file = ROOT / "results/showcase/modern/survival.csv"
    table = pd.read_csv(file).set_index(["dataset", "model", "effect", "variant"])
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.partition("<!-- survival -->\n")[2].partition("<!-- end of survival -->")[0]
    (_, _, *variants), _, *rows = ([each.strip() for each in line.strip("|").split("|")] for line in block.splitlines())
    assert len(rows) == 6
    facts = json.loads((file.parent / "environment.json").read_text(encoding="utf-8"))
    section = " ".join(text.partition("## What survives")[2].partition("\n## ")[0].split())
    assert f"tuned rates and {facts['seeds']} seeds" in section
    canonical = {data["name"]: data["canonical"] for data in facts["datasets"]}
    assert canonical == {"mnist-5k": True, "cifar10-4k": False}
    assert "CIFAR-10 used is not verified as the canonical release" in section
    over = table["over"].groupby(level="effect").unique()
    assert {effect: set(over[effect]) for effect in ("ReLU ahead of sigmoid", "Adam ahead of SGD")} == {
        "ReLU ahead of sigmoid": {"7 optimizers"}, "Adam ahead of SGD": {"8 activations"}}  # fmt: skip
    assert all(each.endswith(", 2 optimizers") for each in over["best ahead of worst activation"])
    assert "sigmoid averaged over 7 optimizers, Adam against SGD over 8 activations" in section
    assert "the best against the worst of these 8 over SGD and Adam" in section
    for net, effect, *cells in rows:
        dataset, model, plain = NETS[net]
        for variant, cell in zip(variants, cells, strict=True):
            name = " + ".join(part for part in (plain, variant.removeprefix("plain")) if part) or "plain"
            found = table.loc[dataset, model, effect, name]
            value, low, high = (f"{100 * found[each]:.1f}" for each in ("value", "low", "high"))
            told = f"{value} ({low} to {high})"
            assert cell == (f"**{told}**" if found["outcome"] == "there" else told)


def test_the_conformance_page_has_every_component_against_every_library_and_nothing_unexplained():
    folder = ROOT / "results" / "showcase" / "conformance"
    rows = json.loads((folder / "conformance.json").read_text(encoding="utf-8"))["rows"]
    assert {row["component"] for row in rows} == set(KNOWN)
    assert {row["verdict"] for row in rows} == {"same to rounding", "differs by definition", "has none"}
    assert {row["source"] for row in rows if row["gap"]} == {"reference", "keras", "torch", "jax", "optax"}
    page = (folder / "conformance.md").read_text(encoding="utf-8")
    figures = re.findall(r"\]\((figures/[^)]+)\)", page)
    assert len(figures) == 9
    assert all((folder / figure).is_file() for figure in figures)
