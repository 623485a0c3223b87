"""What participants write of themselves and their children."""
