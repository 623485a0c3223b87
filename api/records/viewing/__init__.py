"""What a clinician sees of one participant: drugs, measurements, documents."""
