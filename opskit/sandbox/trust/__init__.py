"""The profile `trust`: OpenBao, OpenLDAP, Dex, an ACME server with its DNS, and cert-manager, all real."""
