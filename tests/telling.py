"""A decoder that tells where it runs, put by tests in the place of the real one; processes import it by name."""

import os
import resource

from leukonet.errors import DamagedImage


def where(*_given):
    """Fail with the process' id and its address space in megabytes."""
    raise DamagedImage(f"{os.getpid()} {resource.getrlimit(resource.RLIMIT_AS)[0] >> 20}")
