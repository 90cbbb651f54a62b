"""Istio, Envoys and a small shop of real HTTP services: the profile `mesh`."""
