"""Signed slides and a listener for them, for tests of the exchange."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from handmade import NOON
from leukowatch.differential.result import (
    ClassResult,
    Order,
    Reference,
    Signature,
    SlideResult,
    State,
)
from leukowatch.differential.signing import Signing, amend, sign
from leukowatch.setting_tables import ExchangeSettings
from leukowatch.settings import Settings
from leukowatch.store.review_tables import Outbox, SlideEnd
from leukowatch.store.writing import writing
from reviewing import Lab

LISTENER = Path(__file__).with_name("mllp_listener.py")
SEAL = "5e" * 32
PER_CENT = {"neutrophil": 60, "eosinophil": 3, "basophil": 0, "lymphocyte": 30, "monocyte": 7, "blast": 0}


def result(state: State = State.FINAL, **other: Any) -> SlideResult:
    """Make a result of 100 cells with everything that a result can have."""
    signed = state is not State.PRELIMINARY
    usual = {"neutrophil": Reference(40, 80, "%"), "eosinophil": Reference(1, 6, "%")}
    counted = [
        ClassResult(name, name.capitalize(), "counted", "", count, float(count), max(0.0, count - 10.0),
                    min(100.0, count + 10.0), usual.get(name), "", count * 0.065)
        for name, count in PER_CENT.items()
    ]  # fmt: skip
    counted[-1] = replace(counted[-1], code="B|1^x")
    apart = ClassResult("erythroblast", "Erythroblast", "apart", "", 2, 2.0, None, None, None, "", 0.13)
    signature = Signature("jörg", "supervisor", "sign", NOON, "as the analyser says", SEAL)
    whole = SlideResult(
        slide="S-1|a^b&c~d\\e", state=state, version=2 if state is State.AMENDED else int(signed), made_at=NOON,
        order=Order("O-17", 44.0, "female", 6.63), leucocytes=100, target=100, classes=(*counted, apart),
        unclassified=0, artefacts=4, fields=9, corrected_leucocytes=6.5, warnings=("Left shift.",),
        blind_to=("Blast", "Band"), reference_source="a handbook", bundles={"smear-3": "ab" * 32},
        signatures=(signature,) if signed else (),
    )  # fmt: skip
    return replace(whole, **other)


def with_count(one: SlideResult, name: str, count: int) -> SlideResult:
    """Give a class another number of cells."""
    known = ClassResult(
        name, name.capitalize(), "counted", "", count, float(count), 0.0, 100.0, None, "", None
    )
    return replace(one, classes=(*(each for each in one.classes if each.name != name), known))


@dataclass(frozen=True, slots=True)
class Post:
    """A lab whose signed results go out."""

    lab: Lab
    settings: Settings

    def sign(self, slide: str = "S1") -> None:
        """See and sign a slide, now."""
        self.lab.see_all(slide)
        with writing(self.lab.engine) as connection:
            connection.execute(insert(SlideEnd), [{"slide": slide, "noted_at": NOON}])
        said = Signing(targets=self.settings.exchange.targets)
        sign(self.lab.engine, self.lab.people["anna"], slide, self.settings, said)

    def amend(self, slide: str = "S1") -> None:
        """Sign a slide anew."""
        said = Signing(reason="a second look", targets=self.settings.exchange.targets)
        amend(self.lab.engine, self.lab.people["cleo"], slide, self.settings, said)

    def hurry(self) -> None:
        """Let the time of every message that waits have come."""
        with writing(self.lab.engine) as connection:
            waiting = update(Outbox).where(Outbox.state == "waiting")
            connection.execute(waiting.values(next_try_at=datetime(2020, 1, 1, tzinfo=UTC)))

    def setting(self, **changed: Any) -> "Post":
        """Give the same lab under other settings of the exchange."""
        exchange = self.settings.exchange.model_copy(update=changed)
        return replace(self, settings=self.settings.model_copy(update={"exchange": exchange}))


def post_at(lab: Lab, **exchange: Any) -> Post:
    """Set the exchange of a lab."""
    return Post(lab, lab.settings.model_copy(update={"exchange": ExchangeSettings(**exchange)}))


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener process and its log."""

    port: int
    log: Path
    process: "subprocess.Popen[str]"

    def heard(self) -> list[dict[str, str]]:
        """Messages that came whole, in their order, those of former listeners on this log too."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [json.loads(line) for line in lines]


def free_port() -> int:
    """Find a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def listening(port: int, log: Path, manners: Sequence[str] = ()) -> Iterator[Listener]:
    """Run a listener; it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, str(LISTENER), str(port), str(log), *manners], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == port
        yield Listener(port, log, process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
