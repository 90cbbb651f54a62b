"""systems/openshift."""
