"""Dex and the API servers that trust it: who can log in, and what they may do then."""
