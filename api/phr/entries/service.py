"""The use cases of own entries: written, read, removed, and opened where they lie elsewhere."""

from api.phr.entries.asking import asked_in
from api.phr.entries.entry import Entry, Newest, Wish, id_of_key
from api.phr.entries.paging import Page, cut
from api.phr.entries.reading import (
    entries,
    entries_in,
    head_in,
    history,
    newest_in,
    one,
    one_in,
    several_in,
    unshown_in,
)
from api.phr.entries.standing import id_of_name
from api.phr.entries.texts import opened_in, opened_rows_in, sealed_in
from api.phr.entries.twice import removing
from api.phr.entries.writing import (
    remove,
    remove_book_in,
    remove_in,
    unchanged_in,
    write,
    write_all_in,
)

__all__ = [
    "Entry",
    "Newest",
    "Page",
    "Wish",
    "asked_in",
    "cut",
    "entries",
    "entries_in",
    "head_in",
    "history",
    "id_of_key",
    "id_of_name",
    "newest_in",
    "one",
    "one_in",
    "opened_in",
    "opened_rows_in",
    "remove",
    "remove_book_in",
    "remove_in",
    "removing",
    "sealed_in",
    "several_in",
    "unchanged_in",
    "unshown_in",
    "write",
    "write_all_in",
]
