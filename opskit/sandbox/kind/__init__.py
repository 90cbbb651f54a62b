"""A cluster that kind makes, of this machine's containers: opskit's own to break and to take away."""
