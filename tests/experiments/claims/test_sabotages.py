"""Every claim can come out otherwise: broken on purpose, it is `broken` or has another verdict.

What is broken, and what the claim must then become, stands in the tables under ``sabotages``. Identities are measured
at once, in real workers; mechanisms, costs and what has to be trained are in the slow tests. All at budget quick, on
data that is always there.
"""

import importlib
from pathlib import Path

import pytest

from experiments.claims.claim import Claim
from experiments.claims.finding import Finding
from experiments.claims.runner import Result, Study, investigate
from experiments.claims.table import CLAIMS
from tests.experiments.claims.sabotages.sabotage import Sabotage

FOLDER = Path(__file__).with_name("sabotages")
TABLES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "sabotage")
ROWS: list[Sabotage] = [
    row
    for name in TABLES
    for row in importlib.import_module(f"tests.experiments.claims.sabotages.{name}").SABOTAGES
]  # fmt: skip


def quick(claim: Claim) -> bool:
    """Whether it is measured within a second or two."""
    return claim.kinds == ("I",)


def split(rows: list[Sabotage], fast: bool) -> list[Sabotage]:
    return [row for row in rows if quick(CLAIMS[row.claim]) is fast]


def label(row: Sabotage) -> str:
    return f"{row.claim}-{'-'.join(row.parts)}"


def investigated(rows: list[Sabotage], out: Path) -> tuple[dict[str, Result], dict[int, Result]]:
    """Honest results by id, and the sabotaged ones by the row's identity."""
    honest = [CLAIMS[each] for each in dict.fromkeys(row.claim for row in rows)]
    broken = [CLAIMS[row.claim].sabotaged(**row.parts) for row in rows]
    # A folder without files: the digits stand in for MNIST, as they do for whoever has no network.
    empty = out / "empty"
    empty.mkdir(parents=True)
    results = investigate(Study([*honest, *broken], "quick", str(empty)), out, 2, lambda *_: lambda _: None)
    return (
        {result.claim.id: result for result in results[: len(honest)]},
        {id(row): result for row, result in zip(rows, results[len(honest) :], strict=True)},
    )


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """No network and no data but what is embedded."""
    patch = pytest.MonkeyPatch()
    patch.setenv("GRADLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))
    patch.setenv("GRADLAB_OFFLINE", "1")
    yield
    patch.undo()


@pytest.fixture(scope="module")
def measured(offline, tmp_path_factory):
    return investigated(split(ROWS, True), tmp_path_factory.mktemp("measured"))


@pytest.fixture(scope="module")
def trained(offline, tmp_path_factory):
    return investigated(split(ROWS, False), tmp_path_factory.mktemp("trained"))


def test_every_claim_has_its_sabotage():
    assert {row.claim for row in ROWS} == set(CLAIMS)


@pytest.mark.parametrize("row", split(ROWS, True), ids=label)
def test_an_identity_does_not_survive_its_sabotage(row, measured):
    check(row, *measured)


@pytest.mark.slow
@pytest.mark.parametrize("row", split(ROWS, False), ids=label)
def test_a_claim_that_takes_longer_does_not_survive_its_sabotage(row, trained):
    check(row, *trained)


def check(row: Sabotage, honest: dict[str, Result], sabotaged: dict[int, Result]) -> None:
    before, after = honest[row.claim], sabotaged[id(row)]
    assert before.finding is not None, before.problem
    assert after.finding is not None, after.problem
    assert before.finding.verdict != "broken", before.finding.broken
    assert after.finding.verdict in row.becomes, after.finding
    if before.finding.verdict == "undecided":  # as five seeds on digits may leave it: then what was clear in it is not
        assert supported(before.finding) - supported(after.finding)
    else:
        assert after.finding.verdict != before.finding.verdict


def supported(finding: Finding) -> set[str]:
    return {setting.name for setting in finding.settings if setting.verdict == "supported"}
