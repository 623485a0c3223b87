"""Weights before birth in words: for pages and apps alike."""

from api.core import i18n
from api.phr.maternal.book import Book, Measured
from api.phr.maternal.dates import Gestation


def week(locale: str, at: Gestation | None) -> str:
    """30週0日, or nothing."""
    if at is None:
        return ""
    return i18n.text(locale, "maternal.week", weeks=at.weeks, days=at.days)


def fetus(locale: str, number: str) -> str:
    """Nothing for an only one."""
    return i18n.text(locale, "maternal.fetus", number=number) if number else ""


def fetal_weights(locale: str, book: Book) -> str:
    """Of each child the newest, beside the curve of its day; that there is none yet."""
    latest = {each.fetus: each for each in book.measured()}
    told = " ".join(_newest(locale, latest[each], book.is_quiet) for each in sorted(latest))
    return told or i18n.text(locale, "maternal.fetal.none")


def _newest(locale: str, last: Measured, is_quiet: bool) -> str:
    of = fetus(locale, last.fetus)
    told = i18n.text(locale, "maternal.fetal.of", fetus=of) if of else ""
    at = week(locale, last.at)
    told += i18n.text(locale, "maternal.fetal.says", week=at, grams=f"{last.grams:,}")
    if is_quiet:
        return told
    if last.placed is None:
        return told + i18n.text(locale, "maternal.fetal.no_curve")
    mean = f"{last.placed.curve.mean:,}"
    return told + i18n.text(locale, f"maternal.fetal.{last.placed.place}", mean=mean)
