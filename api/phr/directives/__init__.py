"""What somebody wants done when they cannot say it themselves, and whom to call."""
