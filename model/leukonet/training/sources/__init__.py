"""Gets the labelled sets from where they are published, and lays them out as `leukonet.training.datasets` reads them.

The `.txt` files beside this one are facts: what is fetched, from which commit, with which SHA-256.
"""
