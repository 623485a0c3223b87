"""My own record."""
