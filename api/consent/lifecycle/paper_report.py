"""What became of a list of papers, as a file an office can open and as lines of a console."""

import csv
import io

from api.consent.lifecycle.paper_import import Import
from api.consent.lifecycle.papers import Fault
from api.core import i18n


def said(fault: Fault, locale: str) -> str:
    return i18n.text(locale, f"papers.fault.{fault.reason}", **fault.params)


def as_csv(faults: list[Fault]) -> bytes:
    """Line, reason and its text in both languages; with a mark so that Excel reads it as UTF-8."""
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(["line", "reason", "ja", "en"])
    for fault in faults:
        rows.writerow([fault.line, fault.reason, said(fault, "ja"), said(fault, "en")])
    return out.getvalue().encode("utf-8-sig")


def as_text(done: Import, faults: list[Fault], locale: str) -> str:
    lines = [
        i18n.text(locale, "papers.report.line", line=each.line, reason=said(each, locale))
        for each in faults
    ]
    summary = i18n.text(
        locale,
        "papers.report.summary",
        lines=done.lines,
        taken=done.taken,
        unchanged=done.unchanged,
        refused=done.refused,
    )
    return "\n".join([*lines, "", summary] if lines else [summary])
