"""What can go wrong in reading an image or a bundle: one root, one leaf each."""


class LeukonetError(Exception):
    """Root of all errors that leukonet raises on purpose; the message names the thing and the remedy."""

    reason = "error"
    """Short machine-readable word, kept with a quarantined file."""
    exit_code = 1


class ImageError(LeukonetError):
    """The bytes are no image that can be counted."""

    exit_code = 10


class EmptyImage(ImageError):
    """There are no bytes at all."""

    reason = "empty"


class UnknownFormat(ImageError):
    """Neither JPEG, PNG, BMP nor TIFF, whatever the file is called."""

    reason = "not_an_image"


class TruncatedImage(ImageError):
    """The image's end is missing."""

    reason = "truncated"


class DamagedImage(ImageError):
    """The image has its end, yet does not decode."""

    reason = "damaged"


class ImageTooLarge(ImageError):
    """More pixels or bytes than the limits allow."""

    reason = "too_large"


class BundleError(LeukonetError):
    """A bundle cannot be used."""

    exit_code = 11


class BundleMissing(BundleError):
    """No bundle of that name or at that path."""

    reason = "bundle_missing"


class BundleDamaged(BundleError):
    """A file of the bundle is absent, altered, or does not fit its manifest."""

    reason = "bundle_damaged"


class BadScores(LeukonetError):
    """A network gave values that are no scores (not a number, or infinite)."""

    reason = "bad_scores"
    exit_code = 12


class DataError(LeukonetError):
    """A data set or a label file is missing or malformed."""

    reason = "bad_data"
    exit_code = 13


class ExtraMissing(DataError):
    """A package that comes with the extra `train` is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(f"{package} is not installed: `pip install leukowatch[train]`")
