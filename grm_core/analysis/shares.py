"""A share with its interval."""

from scipy.stats import binomtest


def wilson(count: int, n: int) -> tuple[float | None, float | None, float | None]:
    """The share and its 95% interval (Wilson 1927); three times None of nothing."""
    if not n:
        return None, None, None
    interval = binomtest(count, n).proportion_ci(0.95, "wilson")
    return count / n, float(interval.low), float(interval.high)
