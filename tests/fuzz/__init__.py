"""Mutated images, settings, sidecars and bundles through the code that reads them: no crash, no hang, no trespass."""
