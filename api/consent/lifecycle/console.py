"""What an operator does at the console: new terms for everybody, and consents on paper."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

from api.consent.lifecycle import campaigns, paper_import, paper_report
from api.consent.lifecycle.papers import NotAList
from api.consent.lifecycle.scans import NotAnArchive, Scans, in_archive, in_folder
from api.core import i18n
from api.core.actor import OPERATOR
from api.core.errors import Problem
from api.core.settings import SettingFault


async def open_campaign(terms_version: str, answer_by: date, locale: str) -> str:
    """Raises `SettingFault` when nobody was asked."""
    try:
        await campaigns.open_campaign(OPERATOR, terms_version, answer_by)
    except Problem as fault:
        raise SettingFault(_said(fault, locale)) from fault
    return await list_campaigns(locale)


async def call_off(campaign_id: UUID, locale: str) -> str:
    try:
        await campaigns.call_off(OPERATOR, campaign_id)
    except Problem as fault:
        raise SettingFault(_said(fault, locale)) from fault
    return await list_campaigns(locale)


async def list_campaigns(locale: str) -> str:
    """One line each, newest first: terms, last day, and how many have answered."""
    lines = []
    for each in await campaigns.campaigns(OPERATOR):
        counts = each.progress
        key = "campaigns.console.open" if each.is_open else "campaigns.console.over"
        said = i18n.text(
            locale, key, version=each.terms_version, day=each.answer_by, **counts._asdict()
        )
        lines.append(f"{each.campaign_id}  {said}")
    return "\n".join(lines) or i18n.text(locale, "campaigns.none")


async def import_papers(
    table: Path,
    scans: Path,
    locale: str,
    progress: Callable[[int, int], None],
    report: Path | None = None,
) -> str:
    """Takes in a list and the folder or zip file of its scans; the lines not taken, and the sums.

    `report`: where those lines go as CSV. Raises `SettingFault` where nothing was taken in.
    """
    try:
        content = await asyncio.to_thread(table.read_bytes)
        fetch = await asyncio.to_thread(_scans, scans)
        import_id, lines = await paper_import.begin(OPERATOR, table.name, content)
    except NotAList as fault:
        raise SettingFault(
            i18n.text(locale, f"papers.list.{fault.reason}", **fault.params)
        ) from fault
    except NotAnArchive as fault:
        raise SettingFault(i18n.text(locale, "papers.not_an_archive")) from fault
    await paper_import.take_in(OPERATOR, import_id, lines, fetch, progress)
    done, faults = await paper_import.one_import(OPERATOR, import_id)
    if report is not None:
        await asyncio.to_thread(report.write_bytes, paper_report.as_csv(faults))
    return paper_report.as_text(done, faults, locale)


PROGRESS: Final = "papers.report.progress"


def _scans(path: Path) -> Scans:
    return in_folder(path) if path.is_dir() else in_archive(path.open("rb"))


def _said(fault: Problem, locale: str) -> str:
    next_key = f"{fault.key}.next"
    said = [i18n.text(locale, fault.key, **fault.params)]
    if i18n.has_text(locale, next_key):
        said.append(i18n.text(locale, next_key, **fault.params))
    return " ".join(said)
