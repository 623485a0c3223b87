"""The maternal record: a pregnancy from its first day to the birth, kept by the participant."""
