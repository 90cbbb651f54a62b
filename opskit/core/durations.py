"""Durations as programs in Go write and take them (https://pkg.go.dev/time#ParseDuration)."""

import re

_PARTS = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def seconds(duration: str) -> float:
    """A Go duration (`2160h`, `59m45s`) in seconds; 0 when it is empty."""
    return sum(float(number) * _SECONDS[unit] for number, unit in _PARTS.findall(duration))
