"""What the rooms of one's own record cost."""
