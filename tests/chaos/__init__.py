"""A real service, killed, paused and starved under a seed, and in the end nothing lost and nothing double."""
