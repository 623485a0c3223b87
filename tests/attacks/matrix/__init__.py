"""The table of every route, in rooms: each module in here holds the `ROWS` of one."""

from importlib import import_module
from pkgutil import walk_packages

from tests.attacks.roles import Row

ROOMS: dict[str, tuple[Row, ...]] = {
    found.name: import_module(found.name).ROWS
    for found in walk_packages(__path__, f"{__name__}.")
    if not found.ispkg
}
TABLE = tuple(row for rows in ROOMS.values() for row in rows)
