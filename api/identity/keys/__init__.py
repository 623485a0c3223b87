"""What somebody proves themselves by, and how it is replaced."""
