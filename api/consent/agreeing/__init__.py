"""Access agreed between people: codes told at the desk, requests, handing on, word of the end."""
