"""Checkups year beside year: typed, brought as a file, sent by facilities."""
