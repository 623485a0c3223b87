"""What became of a folder, said to the operator: progress while it runs, then every file."""

import unicodedata
from collections import Counter
from collections.abc import Callable
from typing import TextIO

from api.core import i18n
from api.records.incoming.service import FileOutcome, Report
from api.records.parse import Fault

_STATES = ("stored", "unchanged", "quarantined", "refused")
_BAR = 30


def show_progress(
    stream: TextIO, locale: str, key: str = "record.ingest.progress"
) -> Callable[[int, int], None]:
    """A bar on a terminal; elsewhere one line for every tenth part. `key` takes done and total."""
    is_terminal = stream.isatty()

    def show(done: int, total: int) -> None:
        words = i18n.text(locale, key, done=done, total=total)
        if is_terminal:
            filled = _BAR * done // total
            end = "\n" if done == total else ""
            stream.write(f"\r[{'#' * filled}{'.' * (_BAR - filled)}] {words}{end}")
        elif done * 10 // total > (done - 1) * 10 // total:
            stream.write(f"{words}\n")
        stream.flush()

    return show


def format_report(report: Report, locale: str) -> str:
    """One line per file, in the folder's order, and what they come to."""
    state_width = max(_width(_state(state, locale)) for state in _STATES)
    name_width = max((_width(line.name) for line in report), default=0)
    lines = [
        f"{_padded(_state(line.state, locale), state_width)}  "
        f"{_padded(line.name, name_width)}  {_reason(line, locale)}".rstrip()
        for line in report
    ]
    counts: Counter[str] = Counter(line.state for line in report)
    summary = i18n.text(
        locale,
        "record.ingest.summary",
        total=len(report),
        records=sum(line.records for line in report),
        **{state: counts[state] for state in _STATES},
    )
    return "\n".join([*lines, "", summary])


def _state(state: str, locale: str) -> str:
    return i18n.text(locale, f"record.ingest.state.{state}")


def _reason(line: FileOutcome, locale: str) -> str:
    if not line.faults:
        return ""
    reason = _spoken(line.faults[0], locale)
    if len(line.faults) == 1:
        return reason
    return i18n.text(locale, "record.ingest.more", reason=reason, count=len(line.faults) - 1)


def _spoken(fault: Fault, locale: str) -> str:
    reason = i18n.text(locale, fault.key, **fault.params)
    if not fault.path:
        return reason
    return i18n.text(locale, "record.ingest.place", reason=reason, path=fault.path)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
