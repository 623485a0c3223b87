"""The people of the portal's tests, and jobs that no other worker takes."""

from tests.portal.conftest import (
    browsers,
    clinic,
    hanako,
    open_browser,
    pharmacy,
    sato,
    yumi,
)

__all__ = ["browsers", "clinic", "hanako", "open_browser", "pharmacy", "sato", "yumi"]
