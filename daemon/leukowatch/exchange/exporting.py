"""What the commands of exchange do: results from the store to bytes, and a person's hand on the outbox."""

import secrets
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from filelock import Timeout

from leukowatch.errors import NotFound, RequestInvalid, Undelivered
from leukowatch.settings import Settings
from leukowatch.store.opened import reader, writer
from leukowatch.store.outbox import FAILED, SENT, WAITING, Message, messages, retry
