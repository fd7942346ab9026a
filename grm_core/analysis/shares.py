"""A share with its interval."""

import math

Z = 1.959963984540054
"""Of a 95% interval."""


def wilson(count: int, n: int) -> tuple[float | None, float | None, float | None]:
    """The share and its 95% interval (Wilson 1927); three times None of nothing."""
    if not n:
        return None, None, None
    return count / n, *fractional(count / n, n)


def fractional(mean: float, n: float) -> tuple[float, float]:
    """Wilson's interval of a mean of shares 0..1 over n items, too wide for fractions. (NaN, NaN) for none."""
    if n <= 0:
        return float("nan"), float("nan")
    middle = (mean + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * math.sqrt(mean * (1 - mean) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)
