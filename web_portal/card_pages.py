"""Pages of the emergency card that stand alone: on paper, on a telephone, and its reader.

They have no frame of the portal, since two of them are kept as files and open without a network.
"""

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.core import clock, i18n
from api.directory import service as directory
from api.emergency.cards import service as cards
from api.emergency.cards.content import LINE_KINDS
from api.emergency.cards.rules import OLD_AFTER
from api.emergency.cards.service import Issued
from web_portal import qr

_HERE: Final = Path(__file__).parent
_STATIC: Final = _HERE / "static"
# In the order in which each needs those before it.
_MODULES: Final = (
    "vendor/qr/index.js",
    "vendor/qr/decode.js",
    "emergency-card.js",
    "scan.js",
    "card-reader.js",
)
_SAID_BY_THE_READER: Final = ("card.", "assisted.family.", "sex.")


def carried(
    issued: Issued, medium: Literal["paper", "phone"], locale: str, *, as_file: bool
) -> bytes:
    """The card to print or to show; as a file with all that it needs inside."""
    label = i18n.text(locale, "card.picture")
    on_paper = medium == "paper"
    return _page(
        "paper.html" if on_paper else "phone.html",
        locale,
        css=_css() if as_file else "",
        content=issued.content,
        made_on=clock.day_in_japan(issued.made_at),
        left_out=issued.left_out,
        pictures=[qr.picture(part, label) for part in issued.parts],
        address=cards.page().partition("://")[2],
    )


def reader(locale: str, *, as_file: bool) -> bytes:
    """The page that reads cards and checks them, with the keys of today inside."""
    profile = directory.profile()
    today = clock.today_in_japan()
    names = {"ja": profile.name.ja, "en": profile.name.en}
    keys = {
        "keys": cards.published(),
        "network": names,
        "taken_on": today.isoformat(),
        "old_after_days": OLD_AFTER.days,
    }
    return _page(
        "reader.html",
        locale,
        css=_css() if as_file else "",
        modules=[(name, _module(name)) for name in _MODULES] if as_file else None,
        texts=_data(_texts()),
        keys=_data(keys),
        taken_on=today,
    )


def _page(template: str, locale: str, **context: object) -> bytes:
    other = "en" if locale == "ja" else "ja"
    profile = directory.profile()

    def both(key: str, **params: object) -> str:
        said = [i18n.text(each, key, **_dated(each, params)) for each in (locale, other)]
        return " / ".join(dict.fromkeys(said))

    def both_days(on: date) -> str:
        return " / ".join(i18n.day(each, on) for each in (locale, other))

    html = (
        _environment()
        .get_template(template)
        .render(
            locale=locale,
            other=other,
            t=lambda key, **params: i18n.text(locale, key, **params),
            t_other=lambda key, **params: i18n.text(other, key, **params),
            both=both,
            both_days=both_days,
            day=lambda on: i18n.day(locale, on),
            grouped=lambda number: " ".join(number[at : at + 4] for at in range(0, len(number), 4)),
            kinds=LINE_KINDS,
            network={"ja": profile.name.ja, "en": profile.name.en},
            **context,
        )
    )
    return html.encode()


def _dated(locale: str, params: dict[str, object]) -> dict[str, object]:
    return {
        name: i18n.day(locale, value) if isinstance(value, date) else value
        for name, value in params.items()
    }


def _texts() -> dict[str, dict[str, str]]:
    return {
        locale: {
            key: text
            for key, text in i18n.catalogue(locale).items()
            if key.startswith(_SAID_BY_THE_READER)
        }
        for locale in i18n.LOCALES
    }


def _data(value: object) -> str:
    """JSON that ends no script element."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


@cache
def _module(name: str) -> str:
    text = (_STATIC / name).read_text()
    if "</script" in text.lower():
        raise ValueError(f"{name} would end the element it stands in")
    return text


@cache
def _css() -> str:
    return (_STATIC / "card.css").read_text()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "standalone"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
