"""Reading over FHIR: what a search asks for, its pages, and how each answer looks."""
