"""cert-manager: certificates, who issues them, why one is not issued, and what is served."""
