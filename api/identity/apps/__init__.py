"""Third-party apps that a participant connects: registered, allowed, served, ended."""
