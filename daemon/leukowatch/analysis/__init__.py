"""Fields to results, in worker processes."""
