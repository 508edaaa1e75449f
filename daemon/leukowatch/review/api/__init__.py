"""The HTTP API below `/api/v1`: what the page uses, and programs too."""
