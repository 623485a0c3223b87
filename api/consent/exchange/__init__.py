"""Settings as FHIR Consent, out and in, and their signed receipts."""
