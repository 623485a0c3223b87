"""Hanako, Dr Satō and pharmacist Itō, each signed in at their own browser; Yumi acts for Tarō."""

from tests.portal.conftest import (
    browsers,
    clinic,
    hanako,
    ito,
    open_browser,
    pharmacy,
    sato,
    ueda,
    yumi,
)
from tests.proxies.conftest import pair, taro

__all__ = [
    "browsers",
    "clinic",
    "hanako",
    "ito",
    "open_browser",
    "pair",
    "pharmacy",
    "sato",
    "taro",
    "ueda",
    "yumi",
]
