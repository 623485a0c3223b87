"""Compares what the log says a facility was answered with the receipts the facility holds."""
