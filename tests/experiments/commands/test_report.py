"""The page that `sweep` and `report` name last."""

import argparse

from experiments.commands import report


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
