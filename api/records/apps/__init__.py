"""What the apps a participant connected read for them."""
