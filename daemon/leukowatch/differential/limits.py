"""How far a count of cells can be trusted: exact limits of a share.

Clopper and Pearson, Biometrika 26 (1934) 404; Rümke tabulated them for the differential count of leucocytes.
Rümke's table was not at hand when this was checked; a printed table of such limits has 4 to 17 for 9 of 100 (quoted in
"Blood Smear Estimates", laboratory-manager.advanceweb.com), which these are, rounded outwards to whole per cent.
"""


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Limits between which the true share lies, when `k` of `n` were found.

    Args:
        k: found, 0 to `n`.
        n: looked at, 0 or more; with 0 nothing is known.
        confidence: that the limits hold the true share, above 0 and below 1.

    Returns:
        Lower and upper limit as fractions, `0 <= low <= k/n <= high <= 1`.

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> [round(100 * limit, 1) for limit in clopper_pearson(10, 100)]
        [4.9, 17.6]
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share")
    if not 0 < confidence < 1:
        raise ValueError(f"{confidence} is no confidence: it lies between 0 and 1")
    from scipy.special import betaincinv  # noqa: PLC0415  half a second that the daemon's start need not pay

    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1 - tail))
    return low, high
