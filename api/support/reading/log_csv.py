"""The log as a table that a spreadsheet opens and never runs."""

import csv
import io
from collections.abc import Iterable
from typing import Final

from api.access_log.service import LogRow
from api.core import i18n
from api.core.spreadsheet import harmless
from api.support.reading.log_lines import LogLine

COLUMNS: Final = (
    "number",
    "at",
    "event",
    "outcome",
    "said",
    "facility",
    "who",
    "profession",
    "purpose",
    "kinds",
    "reason",
    "rule",
    "settings",
    "changes",
    "withheld",
    "commit",
)


def as_csv(rows: Iterable[tuple[LogRow, LogLine]], locale: str) -> bytes:
    """UTF-8 with a mark, so that Excel reads it as such."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow([i18n.text(locale, f"log_csv.{name}") for name in COLUMNS])
    for row, line in rows:
        table.writerow([harmless(cell) for cell in _cells(row, line, locale)])
    return out.getvalue().encode("utf-8-sig")


def _cells(row: LogRow, line: LogLine, locale: str) -> tuple[str, ...]:
    kind = i18n.text(locale, "access_log.kind", label="{label}", count="{count}")
    withheld = [
        i18n.text(locale, "withheld.one", label=each.label, day=i18n.day(locale, each.until))
        for each in line.withheld
    ]
    return (
        str(line.number),
        line.at.astimezone(i18n.JAPAN).strftime("%Y-%m-%d %H:%M:%S"),
        line.event,
        i18n.text(locale, f"log_csv.outcome.{line.outcome}"),
        line.sentence,
        line.facility,
        line.who,
        line.profession,
        line.purpose,
        " / ".join(kind.format(label=each.label, count=each.count) for each in line.kinds),
        line.reason,
        line.rule,
        "" if line.settings_version is None else str(line.settings_version),
        " / ".join(line.changes),
        " / ".join(withheld),
        row.commit.hex(),
    )
