"""A table that a spreadsheet opens, reads right, and never runs."""

import csv
import io

import pytest

from api.support.reading.log_csv import COLUMNS, as_csv


@pytest.mark.parametrize("locale", ["ja", "en"])
def test_the_headings_are_in_the_reader_s_language_and_excel_reads_them(locale: str) -> None:
    made = as_csv([], locale)
    assert made.startswith("\ufeff".encode())
    (head,) = csv.reader(io.StringIO(made.decode("utf-8-sig")))
    assert len(head) == len(COLUMNS) == len(set(head))
    assert ("番号" in head) is (locale == "ja")
