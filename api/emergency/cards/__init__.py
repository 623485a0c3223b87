"""The card a participant carries for an emergency: what stands on it, its QR codes, its one use."""
