"""What can go wrong in the service: one root, one leaf each, with the exit code that the commands give.

The codes are documented in the README: 0 done, 1 unforeseen, 2 wrong usage, and as below.
Errors about an image or a bundle are leukonet's own (`leukonet.errors`, codes 10 to 13).
"""

from collections.abc import Sequence


class LeukowatchError(Exception):
    """Root of all errors raised on purpose; the message names the file or setting and the remedy."""

    exit_code = 1


class RequestInvalid(LeukowatchError):
    """What was asked for makes no sense, or would do harm."""

    exit_code = 2


class SettingsInvalid(LeukowatchError):
    """A setting is unknown, malformed or contradicts another."""

    exit_code = 3


class HomeInUse(LeukowatchError):
    """Another daemon works on this home."""

    exit_code = 4


class InboxVanished(LeukowatchError):
    """The inbox was removed, renamed or unmounted."""

    exit_code = 5


class StoreUnavailable(LeukowatchError):
    """The database cannot be opened, read or written."""

    exit_code = 6


class LostRace(StoreUnavailable):
    """Another service's transaction went first; the same may be tried again at once."""


class SchemaMismatch(LeukowatchError):
    """The database's schema is not the one that this version reads and writes."""

    exit_code = 7


class StillWaiting(LeukowatchError):
    """A scan ended with files that could not be filed."""

    exit_code = 8


class NotFound(LeukowatchError):
    """No slide, field or file of that name."""

    exit_code = 9


class ImagePruned(NotFound):
    """A field's image was deleted for its age; its cells are kept."""


class ChecksFailed(LeukowatchError):
    """`db check` or `audit verify` found something wrong; `doctor` ends with the same code."""

    exit_code = 14


class WorkersFail(LeukowatchError):
    """The worker processes end again and again."""

    exit_code = 16


class OutputFailed(LeukowatchError):
    """A file that a command was told to write cannot be written."""

    exit_code = 17


class NotAllowed(LeukowatchError):
    """The account's role has not the right to do this, or the account is not active."""

    exit_code = 18


class LoginRefused(LeukowatchError):
    """Name and password do not fit, or were tried too often; the message does not tell more than that."""

    exit_code = 18


class ReviewRefused(LeukowatchError):
    """A decision or a signature that the rules of the review forbid now; `reasons` has each, in a sentence."""

    exit_code = 19

    def __init__(self, told: str, reasons: Sequence[str] = ()) -> None:
        super().__init__(told)
        self.reasons = tuple(reasons) or (told,)


class Undelivered(LeukowatchError):
    """A signed result could not be handed to another system; it waits in the outbox."""

    exit_code = 20


class ExtraMissing(LeukowatchError):
    """A command needs packages that are not installed; the message names the extra."""

    exit_code = 2


class IntakeError(LeukowatchError):
    """A file in the inbox that cannot be taken; `reason` is kept with it."""

    reason = "refused"


class NotRegular(IntakeError):
    """A directory, link, pipe or socket where an image was expected: left alone."""

    reason = "not_regular"


class Unreadable(IntakeError):
    """The service may not read the file: it waits until somebody mends that."""

    reason = "unreadable"


class Vanished(IntakeError):
    """The file was gone, or another, by the time it was opened."""

    reason = "vanished"


class FileTooLarge(IntakeError):
    """More bytes than `inbox.max_bytes`."""

    reason = "too_large"


class ChangedWhileRead(IntakeError):
    """Size or time changed between opening and the last byte: it is not complete yet."""

    reason = "changed"


class FilingFailed(LeukowatchError):
    """A file could not be moved to archive or quarantine; it stays where it is and is tried again."""

    exit_code = 15
