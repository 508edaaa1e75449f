"""The web page on which people review, correct and sign, and its HTTP API."""
