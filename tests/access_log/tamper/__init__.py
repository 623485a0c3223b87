"""Everything somebody with the database in their hands may do to the log, and who notices.

`python -m tests.access_log.tamper` does it all and prints who noticed; with ids, only those.
`--write` makes docs/reference/tamper-matrix.md anew from the table.
"""
