"""`python -m chaos`: one run, its figures and its verdict; exit code 1 where anything is lost or double."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

from chaos.disk import Place, place
from chaos.dropping import Dropper
from chaos.drops import Drop, plan
from chaos.keeping import FORESEEN, Keeper
from chaos.mischief import Mischief
from chaos.verdict import discrepancies, is_drained, query

DROPPERS = 4
_SHOWN = 50
_STANDSTILL = 180.0
"""Seconds without a file filed after which the drain is given up."""


def main() -> int:
    """Run, print, and give the exit code."""
    asked = _arguments()
    if os.geteuid() != 0:
        sys.exit("chaos mounts small disks to fill them: run it as root")
    print(
        f"seed {asked.seed}: {asked.files} files and {asked.kills} kills in {asked.minutes:g} minutes",
        flush=True,
    )
    base = Path(tempfile.mkdtemp(prefix="leukowatch-chaos-"))
    begun = time.monotonic()
    with place(base, asked.files) as where:
        keeper = Keeper(where.home, base / "log.txt")
        wrong = _run(
            where, keeper, asked.seed, asked.minutes * 60, asked.kills, plan(asked.seed, asked.files)
        )
        _print_rows(where.home)
    ends = ", ".join(f"{code}: {count}" for code, count in sorted(keeper.ends.items()))
    print(f"ends of the service by code: {ends}")
    for reason, count in keeper.reasons.items():
        print(f"ended by an error, {count} times: {reason}")
    print(f"duration: {time.monotonic() - begun:.0f} s")
    for line in wrong[:_SHOWN]:
        print(f"WRONG {line}")
    if wrong:
        print(f"verdict: {len(wrong)} discrepancies; the service's log is {base / 'log.txt'}")
        return 1
    shutil.rmtree(base)
    print("verdict: none lost, none double, each content counted once")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of the plan; else drawn")
    parser.add_argument("--minutes", type=float, default=3.0, help="over which drops and mischief are spread")
    parser.add_argument("--kills", type=int, default=30, help="SIGKILLs of the service and of workers")
    parser.add_argument("--files", type=int, default=2000, help="files that are dropped")
    asked = parser.parse_args()
    if asked.seed is None:
        asked.seed = Random().randrange(1_000_000)
    return asked


def _run(
    where: Place, keeper: Keeper, seed: int, seconds: float, kills: int, drops: Sequence[Drop]
) -> list[str]:
    """One run from start to drained and stopped; give what is wrong."""
    timed = [(number * seconds / len(drops), drop) for number, drop in enumerate(drops)]
    mischief = Mischief(where, keeper, seed)
    begun = time.monotonic()
    droppers = [
        Dropper(where, timed[number::DROPPERS], begun, Random(f"{seed} dropper {number}"))
        for number in range(DROPPERS)
    ]
    keeper.start()
    try:
        mischief.start(seconds, kills)
        for dropper in droppers:
            dropper.start()
        for dropper in droppers:
            dropper.join()
        mischief.wait()
        drained = _drained(where)
    finally:
        keeper.stop()
    dropped = [drop for dropper in droppers for drop in dropper.done]
    displaced = sum(dropper.displaced for dropper in droppers)
    print(f"files dropped: {len(dropped)}, of which displaced and brought again: {displaced}")
    for what, count in sorted(mischief.done.items()):
        print(f"{what}: {count}")
    check = keeper.command("db", "check")
    return [
        *(f"{failure!r}" for failure in (*(d.failure for d in droppers), mischief.failure) if failure),
        *([] if drained else [f"files or moves still wait after {_STANDSTILL:g} s without any progress"]),
        *(f"the service ended with code {code}" for code in keeper.ends.keys() - FORESEEN - {0}),
        *([] if check.returncode == 0 else [f"db check: {check.stderr}"]),
        *discrepancies(where.home, dropped),
    ]


def _drained(where: Place) -> bool:
    """Wait until everything is filed, or nothing moves any more."""
    filed, since = -1, time.monotonic()
    while time.monotonic() - since < _STANDSTILL:
        if is_drained(where.home):
            return True
        [(now,)] = query(where.home, "SELECT count(filed_at) FROM arrival")
        if now != filed:
            filed, since = now, time.monotonic()
        time.sleep(0.5)
    return False


def _print_rows(home: Path) -> None:
    rows = query(home, "SELECT status, sum(NOT lost), sum(lost) FROM arrival GROUP BY status ORDER BY status")
    for status, count, lost in rows:
        print(
            f"rows {status}: {count}"
            + (f", and {lost} whose file was renamed away before its move" if lost else "")
        )


if __name__ == "__main__":
    sys.exit(main())
