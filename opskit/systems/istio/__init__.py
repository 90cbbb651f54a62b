"""Istio and the Envoys that it configures."""
