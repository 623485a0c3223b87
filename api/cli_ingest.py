"""`tsunagu ingest`: a folder of a facility's files, of one form."""

import argparse
import asyncio
import gc
import signal
import sys
from pathlib import Path
from typing import Final
from uuid import UUID

from api.core.errors import Forbidden
from api.core.settings import SettingFault

_SHORTEST_PAUSE: Final = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The forms, and what each is asked with."""
    forms = parser.add_subparsers(dest="form", required=True)
    fhir = forms.add_parser("fhir", help="FHIR R4 resources and Bundles, one in a file")
    checkup = forms.add_parser("checkup", help="national checkup files, as XML or in archives")
    for form in (fhir, checkup):
        _add_common(form)
        form.add_argument(
            "--subject",
            action="append",
            default=[],
            type=_subject,
            metavar="REFERENCE=CARD",
            help="whose card a reference or an identifier in the files stands for",
        )
    ssmix2 = forms.add_parser("ssmix2", help="a SS-MIX2 standardised storage; safe to run again")
    _add_common(ssmix2)
    ssmix2.add_argument(
        "--watch", action="store_true", help="go on looking for new files and changed flags"
    )
    ssmix2.add_argument(
        "--every", type=float, default=10.0, metavar="SECONDS", help="how long between two looks"
    )
    ssmix2.add_argument(
        "--only-linked",
        action="store_true",
        help="keep nothing of people whose patient number is not linked",
    )
    ssmix2.add_argument(
        "--report", type=Path, metavar="FILE", help="what became of every file, as .json or .csv"
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path)
    parser.add_argument(
        "--facility",
        metavar="CODE",
        help="10-digit code of the facility they come from (in the demo: its clinic)",
    )


def check(options: argparse.Namespace) -> None:
    """What can be known to be wrong before a database is started. Raises `SettingFault`."""
    if options.form == "ssmix2" and options.report is not None:
        from api.records.ssmix2 import report

        report.check_target(options.report)
        if options.watch:
            raise SettingFault("--report is about one run: leave out --watch. Nothing was stored.")


async def take_in(home: Path, options: argparse.Namespace, locale: str) -> str:
    """What became of every file, in the operator's language. Raises `SettingFault`.

    `home` tells whether this is the demo, whose clinic then need not be named.
    """
    facility = await _facility(home, options.facility)
    if options.form in ("fhir", "checkup"):
        return await _folder(options, facility, locale)
    collect_seldom()
    try:
        return await (_watch if options.watch else _ssmix2)(options, facility, locale)
    except Forbidden as error:
        raise SettingFault("This facility is not active. Nothing was stored.") from error


async def _folder(options: argparse.Namespace, facility: UUID, locale: str) -> str:
    from api.core.actor import Actor, ActorKind
    from api.records.checkup_xml import service as checkups
    from api.records.incoming import service as ingest
    from api.records.incoming.report import format_report, show_progress

    take_in = checkups.ingest_folder if options.form == "checkup" else ingest.ingest_folder
    report = await take_in(
        Actor(kind=ActorKind.OPERATOR, facility_id=facility),
        options.directory,
        dict(options.subject),
        show_progress(sys.stderr, locale),
    )
    return format_report(report, locale)


def collect_seldom() -> None:
    """Many small values live for a moment; looking through all that stays finds nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def _ssmix2(options: argparse.Namespace, facility: UUID, locale: str) -> str:
    from api.core.actor import Actor, ActorKind
    from api.records.ssmix2 import report, service

    account = await service.take_in(
        Actor(kind=ActorKind.OPERATOR, facility_id=facility),
        options.directory,
        service.Wish(options.only_linked, keeps_all=options.report is not None),
        progress=report.show_progress(sys.stderr, locale),
    )
    if options.report is not None:
        report.write_report(options.report, account)
    return report.format_account(account, locale)


async def _watch(options: argparse.Namespace, facility: UUID, locale: str) -> str:
    """Until SIGTERM, SIGHUP or Ctrl+C; then it ends as after any good run."""
    from api.core import clock, i18n
    from api.core.actor import Actor, ActorKind
    from api.records.ssmix2 import report, service, watching
    from api.records.ssmix2.accounting import Account

    stop = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)

    def told(account: Account) -> None:
        print(report.format_account(account, locale), flush=True)

    now = clock.now().astimezone().isoformat(timespec="seconds")
    await watching.watch(
        Actor(kind=ActorKind.OPERATOR, facility_id=facility),
        options.directory,
        service.Wish(options.only_linked),
        stop,
        told,
        every_s=max(options.every, _SHORTEST_PAUSE),
        progress=report.show_progress(sys.stderr, locale),
    )
    return i18n.text(locale, "record.storage.watched", time=now)


def _subject(text: str) -> tuple[str, str]:
    """`REFERENCE=CARD`; the reference itself may hold a `=`."""
    reference, _, card = text.rpartition("=")
    if not reference or not card:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form REFERENCE=CARD")
    return reference, card


async def _facility(home: Path, code: str | None) -> UUID:
    from api import demo
    from api.core.actor import OPERATOR
    from api.directory import service as directory

    if code is None and not demo.is_home(home):
        raise SettingFault("Name the facility the files come from with --facility CODE.")
    wanted = code or demo.CLINIC
    for each in await directory.facilities(OPERATOR):
        if each.code == wanted:
            return each.facility_id
    raise SettingFault(f"This network has no facility with the code {wanted}. Nothing was stored.")
