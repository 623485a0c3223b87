"""Hanako, Dr Satō and pharmacist Itō, each signed in at their own browser."""

from tests.portal.conftest import (
    browsers,
    clinic,
    hanako,
    ito,
    open_browser,
    pharmacy,
    sato,
    yumi,
)

__all__ = ["browsers", "clinic", "hanako", "ito", "open_browser", "pharmacy", "sato", "yumi"]
