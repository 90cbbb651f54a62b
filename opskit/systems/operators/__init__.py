"""systems/operators."""
