"""A slide's count, its per cents and their exact limits."""
