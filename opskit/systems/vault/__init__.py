"""Vault and OpenBao: seal, quorum, audit, leases, tokens, policies and keys; never a secret."""
