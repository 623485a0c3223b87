"""Reading in a running break-glass session."""
