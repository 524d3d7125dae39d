"""The lock, its bill of materials, and an audit that never says that all is fine where it does not know."""

import json
import re

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.packages import audit, pins, sbom
from tests.packages.pins import LOCKS, Pin
from tests.test_files import HOSTS

PINS = (Pin("a", "1.0", ("0" * 64,)), Pin("b", "2.0", ("1" * 64,)))


def test_every_line_of_the_lock_is_a_pin_with_hashes(tmp_path):
    found = pins.read(*LOCKS)
    for path in LOCKS:
        assert len(pins.read(path)) == len(re.findall(r"^\S", path.read_text(), re.MULTILINE))
    assert len(found) > 150
    for line in ("a>=1 --hash=sha256:" + "0" * 64, "a==1", "a @ file:x", "--index-url=x"):
        (tmp_path / "bad").write_text(line + "\n")
        with pytest.raises(ValueError, match="no pin with its hashes"):
            pins.read(tmp_path / "bad")


def test_the_bill_has_every_pin_with_its_hashes_and_no_server():
    found = pins.read(*LOCKS)
    bill = sbom.sbom(found)
    text = json.dumps(bill)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    there = {
        Pin(each["name"], each["version"],
            tuple(sorted(sum_["content"] for reference in each["externalReferences"] for sum_ in reference["hashes"])))
        for each in bill["components"]
    }  # fmt: skip
    assert there == set(found)
    assert not [host for host in HOSTS if host in text]
    assert "://" not in "".join(each["url"] for one in bill["components"] for each in one["externalReferences"])


SAID = [
    # what pip-audit says -> exit code, words
    ([{"name": "a", "version": "1.0", "vulns": []}, {"name": "b", "version": "2.0", "vulns": []}], audit.FINE,
     "2 of 2 pinned packages looked up, 0 known"),
    ([{"name": "A", "version": "1.0", "vulns": [{"id": "CVE-1"}]}, {"name": "b", "skip_reason": ""}], audit.VULNERABLE,
     "vulnerable: a 1.0: CVE-1"),
    ([{"name": "a", "version": "1.0", "vulns": []}, {"name": "b", "skip_reason": "not found"}], audit.UNKNOWN,
     "NOT AUDITED: 1 packages, of which nothing is known, the first b 2.0 (not found)"),
    ([{"name": "a", "version": "1.0", "vulns": []}], audit.UNKNOWN, "b 2.0 (pip-audit says nothing of it)"),
    ([{"name": "a", "version": "1.0", "vulns": []}, {"name": "b", "version": "1.9", "vulns": []}], audit.UNKNOWN,
     "b 2.0"),
    ([], audit.UNKNOWN, "NOT AUDITED: 2 packages"),
]  # fmt: skip


@pytest.mark.parametrize(("dependencies", "code", "words"), SAID)
def test_only_what_was_looked_up_is_fine(dependencies, code, words):
    found = audit.Audit({}, {})
    audit.merge(found, PINS, {"dependencies": dependencies}, "")
    assert audit.code(found) == code
    assert words in "\n".join(audit.told(found, len(PINS)))


def test_without_the_service_nothing_is_fine(monkeypatch):
    monkeypatch.setattr(audit, "_ask", lambda _: ({}, "no route to host"))
    found = audit.audit(PINS)
    assert audit.code(found) == audit.UNKNOWN
    assert "(no route to host)" in audit.told(found, 2)[-1]
    assert audit.code(audit.Audit({}, {})) == audit.UNKNOWN


def test_two_versions_of_a_package_are_looked_up_apart():
    other = Pin("a", "0.9", ("2" * 64,))
    assert audit.rounds([*PINS, other]) == [list(PINS), [other]]
