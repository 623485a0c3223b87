"""The people of the portal's tests."""

from tests.portal.conftest import (
    browsers,
    clinic,
    hanako,
    open_browser,
    pharmacy,
    sato,
    ueda,
    yumi,
)

__all__ = ["browsers", "clinic", "hanako", "open_browser", "pharmacy", "sato", "ueda", "yumi"]
