"""Calico and network policy: who can talk to whom, on which ports, and which rule decides."""
