"""From a file in the inbox to a safe arrival, and on to archive or quarantine."""
