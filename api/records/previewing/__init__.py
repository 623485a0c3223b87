"""What others would see, and what a change of settings would open and close."""
