"""What everybody may see of the sealed log, and what a participant's phone verifies."""
