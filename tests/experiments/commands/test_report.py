"""The page that `sweep` and `report` name last."""

import argparse

import pytest

from experiments.commands import report
from experiments.ledger import LEDGER, Ledger
from tests.experiments.samples import DONE, a_run


def test_the_html_page_is_named_where_there_is_one(tmp_path):
    assert report.page(tmp_path) == tmp_path / "report.md"
    (tmp_path / "report.md").touch()
    assert report.page(tmp_path) == tmp_path / "report.md"
    (tmp_path / "report.html").touch()
    assert report.page(tmp_path) == tmp_path / "report.html"


def test_report_lists_its_files_and_then_the_page(tmp_path, monkeypatch, capsys):
    (tmp_path / "report.md").touch()
    monkeypatch.setattr(report, "write", lambda out, style: [out / "runs.parquet", out / "report.md"])
    assert report.run(argparse.Namespace(out=tmp_path, style="screen")) == 0
    told = capsys.readouterr().out.splitlines()
    assert told == [str(tmp_path / "runs.parquet"), str(tmp_path / "report.md"), f"report: {tmp_path / 'report.md'}"]


def test_a_report_is_current_until_the_ledger_or_the_plan_changes_or_it_was_not_ended(tmp_path, monkeypatch):
    """Otherwise the same command would leave a stale one, or half of one, for ever."""
    written: list[str] = []

    def write_report(out, *_, style):
        written.append(style)
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        (out / "report.md").touch()
        return []

    monkeypatch.setattr("experiments.reports.write_report", write_report)
    with Ledger.write(tmp_path / LEDGER) as ledger:
        plan = [(seed, "default", a_run(seed=seed)) for seed in range(3)]
        ledger.plan(plan, {"plan": "mine"})
        ledger.record(a_run(seed=0), DONE)
        assert not report.is_current(tmp_path)
        report.write(tmp_path)
        assert report.is_current(tmp_path)
        ledger.record(a_run(seed=1), DONE)
        assert not report.is_current(tmp_path)
        with pytest.raises(OSError, match="No space"):
            report.write(tmp_path)
        assert not report.is_current(tmp_path), "it was not written to its end"
        report.write(tmp_path)
        ledger.plan(plan[:2], {"plan": "mine"})
        assert not report.is_current(tmp_path), "a narrower plan shows less"
        report.write(tmp_path, "paper")
        assert not report.is_current(tmp_path), "figures alone are no report"
        report.write(tmp_path)
        (tmp_path / "report.md").unlink()
        assert not report.is_current(tmp_path)
