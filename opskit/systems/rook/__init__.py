"""systems/rook."""
