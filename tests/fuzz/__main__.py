"""`python -m fuzz`: mutated images, settings, bundles, networks and sidecars; exit code 1 where one did harm."""

import argparse
import math
import sys
import time
from random import Random

from fuzz.running import run
from fuzz.targets import SHARES

_SHOWN = 20


def main() -> int:
    """Run, print, and give the exit code."""
    asked = _arguments()
    limit = "" if math.isinf(asked.minutes) else f", for {asked.minutes:g} minutes"
    print(f"seed {asked.seed}: {asked.cases} cases in {asked.processes} processes{limit}", flush=True)
    begun = time.monotonic()
    findings = run(asked.cases, asked.seed, asked.processes, asked.only or tuple(SHARES), asked.minutes * 60)
    for target, outcomes in findings.outcomes.items():
        told = ", ".join(f"{outcome} {count}" for outcome, count in outcomes.most_common())
        print(f"{target}: {outcomes.total()} ({told})")
    print(f"cases: {sum(outcomes.total() for outcomes in findings.outcomes.values())}")
    print(f"slowest case: {findings.slowest:.1f} s; largest process: {findings.megabytes} MB")
    print(f"duration: {time.monotonic() - begun:.0f} s")
    for line in findings.bad[:_SHOWN]:
        print(f"WRONG {line}")
    if findings.bad:
        print(f"verdict: {len(findings.bad)} crashes, hangs or trespasses; run one again with fuzz.batch")
        return 1
    print("verdict: no crash, no hang, no file outside the home")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000, help="in all, at most")
    parser.add_argument(
        "--minutes", type=float, default=math.inf, help="after which nothing further is begun"
    )
    parser.add_argument("--seed", type=int, default=None, help="of the mutations; else drawn")
    parser.add_argument("--processes", type=int, default=2, help="that work at once")
    parser.add_argument("--only", action="append", choices=tuple(SHARES), help="one kind; may be repeated")
    asked = parser.parse_args()
    if asked.seed is None:
        asked.seed = Random().randrange(1_000_000)
    return asked


if __name__ == "__main__":
    sys.exit(main())
