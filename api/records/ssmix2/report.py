"""What became of a storage, said to the operator, and the bar while it runs."""

import csv
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec

from api.core import i18n
from api.core.settings import SettingFault
from api.core.spreadsheet import harmless
from api.records.ssmix2.accounting import STATES, Account, Outcome

_BAR: Final = 30
_MOST_LINES: Final = 50
_COLUMNS: Final = ("name", "state", "reason", "detail", "records", "remains")


def show_progress(
    stream: TextIO, locale: str, now: Callable[[], float] = time.monotonic
) -> Callable[[int, int], None]:
    """A bar with percentage, files per second and time left, on a terminal; elsewhere nothing."""
    if not stream.isatty():
        return lambda done, total: None
    began = now()

    def show(done: int, total: int) -> None:
        share = done / total if total else 1.0
        per_second = done / max(now() - began, 1e-6)
        left = int((total - done) / per_second) if per_second > 0 else 0
        words = i18n.text(
            locale,
            "record.storage.progress",
            percent=f"{100 * share:.0f}",
            done=f"{done:,}",
            total=f"{total:,}",
            rate=f"{per_second:,.0f}",
            left=f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}",
        )
        filled = int(_BAR * share)
        end = "\n" if done >= total else ""
        stream.write(f"\r[{'#' * filled}{'.' * (_BAR - filled)}] {words}\x1b[K{end}")
        stream.flush()

    return show


def format_account(account: Account, locale: str) -> str:
    """How many files became what, why some were not stored, and which are to be looked at."""
    lines = [
        i18n.text(
            locale,
            "record.storage.summary",
            files=f"{account.files:,}",
            records=f"{account.records:,}",
        )
    ]
    for state in STATES:
        if not account.states[state]:
            continue
        lines.append(f"  {account.states[state]:>9,}  {i18n.text(locale, _state_key(state))}")
        reasons = [(key, n) for key, n in account.reasons.items() if key[0] == state]
        for (_, reason, detail), count in sorted(reasons, key=lambda each: -each[1]):
            lines.append(f"  {count:>12,}  {spoken(reason, detail, locale)}")
    if account.delivered:
        lines.append(i18n.text(locale, "record.storage.delivered", count=f"{account.delivered:,}"))
    if account.remains:
        lines.append(i18n.text(locale, "record.storage.remains"))
        lines += [
            f"  {count:>9,}  {_remains(name, locale)}"
            for name, count in sorted(account.remains.items())
        ]
    notable = [each for each in account.lines if _is_notable(each)]
    if notable:
        lines += ["", i18n.text(locale, "record.storage.look_at")]
        lines += [f"  {_line(each, locale)}" for each in notable[:_MOST_LINES]]
    if len(notable) > _MOST_LINES:
        rest = f"{len(notable) - _MOST_LINES:,}"
        lines.append(i18n.text(locale, "record.storage.more", count=rest))
    return "\n".join(lines)


def spoken(reason: str, detail: str, locale: str) -> str:
    """A reason in the operator's language, with what it is about."""
    words = i18n.text(locale, f"record.storage.reason.{reason}")
    return i18n.text(locale, "record.storage.named", reason=words, name=detail) if detail else words


def check_target(path: Path) -> Path:
    """Before anything is read: a report that cannot be written should not be missed at the end."""
    if path.suffix not in (".json", ".csv"):
        raise SettingFault(f"{path} is neither a .json nor a .csv file. Nothing was stored.")
    if not path.parent.is_dir():
        raise SettingFault(f"There is no folder {path.parent}. Nothing was stored.")
    return path


def write_report(path: Path, account: Account) -> None:
    """Every file with what became of it; in JSON with the sums as well."""
    written = _as_json(account) if path.suffix == ".json" else _as_csv(account)
    path.write_bytes(written)


def _as_json(account: Account) -> bytes:
    sums = {state: account.states[state] for state in STATES}
    body: dict[str, Any] = {
        "files": account.files,
        "records": account.records,
        "delivered_from_quarantine": account.delivered,
        "states": sums,
        "reasons": [
            {"state": state, "reason": reason, "detail": detail, "files": count}
            for (state, reason, detail), count in sorted(account.reasons.items())
        ],
        "remains": dict(sorted(account.remains.items())),
        "lines": [_fields(each) for each in account.lines],
    }
    return msgspec.json.format(msgspec.json.encode(body), indent=2)


def _as_csv(account: Account) -> bytes:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(_COLUMNS)
    for each in account.lines:
        table.writerow([harmless(str(value)) for value in _fields(each).values()])
    return out.getvalue().encode("utf-8-sig")


def _fields(outcome: Outcome) -> dict[str, Any]:
    fields = outcome._asdict()
    fields["name"] = outcome.name.encode("utf-8", "replace").decode()
    fields["remains"] = " ".join(outcome.remains)
    return fields


def _state_key(state: str) -> str:
    return f"record.storage.state.{state}"


def _is_notable(outcome: Outcome) -> bool:
    return outcome.state in ("quarantined", "refused") or bool(outcome.remains)


def _line(outcome: Outcome, locale: str) -> str:
    name = outcome.name.encode("utf-8", "replace").decode()
    if outcome.reason:
        return f"{name}  {spoken(outcome.reason, outcome.detail, locale)}"
    return f"{name}  {' '.join(_remains(each, locale) for each in sorted(set(outcome.remains)))}"


def _remains(name: str, locale: str) -> str:
    return i18n.text(locale, "record.storage.undecoded") if name == "?" else name
