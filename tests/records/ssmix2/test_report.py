"""The operator's report as a table: a file's name is nothing that a spreadsheet runs."""

import csv
from pathlib import Path

import pytest

from api.records.ssmix2.accounting import Account, Outcome
from api.records.ssmix2.report import write_report


@pytest.mark.parametrize("name", ["-1+1", "=1+1", "＝1+1", "|calc", " @SUM(A1)"])
def test_a_file_s_name_is_no_formula_in_the_table(tmp_path: Path, name: str) -> None:
    account = Account(keeps_all=True)
    account.add(Outcome(name, "not_a_message"))
    account.add(Outcome("145/487/1454876436", "stored", records=2))
    write_report(tmp_path / "report.csv", account)
    rows = list(csv.reader((tmp_path / "report.csv").read_text("utf-8-sig").splitlines()))
    assert [row[0] for row in rows] == ["name", f"'{name}", "145/487/1454876436"]
    assert rows[2][4] == "2"
