"""A participant takes everything of theirs out: as FHIR, as tables, and as a booklet to print."""
