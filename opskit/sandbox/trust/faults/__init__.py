"""The faults of the profile `trust`, each done to the real thing."""
