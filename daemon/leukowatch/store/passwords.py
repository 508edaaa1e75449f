"""Passwords: kept as argon2id hashes, each with its own salt."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from leukowatch.errors import RequestInvalid

SHORTEST = 10
"""Characters; length does more than rules about signs (NIST SP 800-63B asks for 8 at least)."""
LONGEST = 1024
"""Characters; a bound on what a stranger can have hashed."""
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")
"""What is compared for a name that does not exist, so that it takes as long."""


def hashed(password: str) -> str:
    """Hash a new password, parameters and salt included; takes some 50 ms on purpose.

    Raises:
        RequestInvalid: it is too short or too long.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise RequestInvalid(f"a password has {SHORTEST} to {LONGEST} characters")
    return _hasher.hash(password.encode("utf-8", "surrogatepass"))


def fits(password: str, known: str | None) -> bool:
    """Whether a password belongs to a hash; for None never, and after as long a time."""
    if len(password) > LONGEST:
        return False
    try:
        _hasher.verify(known or _NOBODY, password.encode("utf-8", "surrogatepass"))
    except (VerificationError, InvalidHashError):
        return False
    return known is not None
