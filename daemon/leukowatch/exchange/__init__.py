"""Results in the forms that other systems read: CSV, JSON, FHIR, HL7, PDF."""
