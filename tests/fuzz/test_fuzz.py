"""Fuzzing in short, and that it notices crashes, hangs and trespasses."""

import subprocess
import sys
from collections import Counter
from random import Random

import pytest

from fuzz import running
from fuzz.images import originals
from fuzz.mutating import mutated
from fuzz.running import BATCH, batches, run
from fuzz.targets import SHARES
from leukonet.decode import decode


@pytest.mark.parametrize(
    "cases", [200, pytest.param(4000, marks=pytest.mark.slow)], ids=["some cases", "thousands of cases"]
)
def test_no_mutation_crashes_hangs_or_leaves_the_home(cases):
    """Whatever is in an image, a settings file, a bundle or a sidecar, the answer is a result or a reason."""
    findings = run(cases, 4, 2)

    assert findings.bad == []
    assert cases == sum(outcomes.total() for outcomes in findings.outcomes.values())
    assert all(len(outcomes) > 1 for outcomes in findings.outcomes.values())


def test_every_kind_has_its_share_however_early_the_time_is_up():
    """A run that is broken off has tried all kinds, none of them much further than another."""
    made = batches(100_000, tuple(SHARES))
    for length in range(len(SHARES), len(made)):
        tried = Counter()
        for target, _, count in made[:length]:
            tried[target] += count
        parts = [tried[target] / (SHARES[target] * 100_000) for target in SHARES]
        assert max(parts) - min(parts) <= BATCH / (min(SHARES.values()) * 100_000)


def test_nothing_is_begun_when_the_time_is_up():
    """A run that was given no time tries nothing, and says so."""
    findings = run(1000, 3, 2, seconds=0)

    assert [] == findings.bad
    assert 0 == sum(outcomes.total() for outcomes in findings.outcomes.values())


def test_the_originals_are_images():
    """Mutations of what does not decode would try nothing."""
    found = originals()

    assert all(decode(data).mode == "RGB" for images in found.values() for data in images)
    assert {"jpeg", "png", "bmp", "tiff", "tiled tiff"} <= found.keys()


def test_a_case_repeats_by_its_seed():
    """A crash that cannot be repeated cannot be mended."""
    data = bytes(range(256)) * 8
    first, again, other = (mutated(Random(seed), data, [data]) for seed in (1, 1, 2))

    assert first == again
    assert first not in (data, other)


@pytest.mark.parametrize(
    ("script", "still", "said"),
    [
        ("echo 0 fine; kill -SEGV $$", 10, "images 3 1: ended its process with code -11"),
        ("echo 0 fine; exec sleep 100", 1, "images 3 1: hangs for more than 1 s"),
        ("echo 0 fine; while :; do :; done", 1000, "images 3 1: hangs for more than 1 s"),
        ("echo 0 BAD traceback; echo 1 fine", 10, "images 3 0: BAD traceback"),
    ],
)
def test_a_case_that_does_harm_is_named(tmp_path, monkeypatch, script, still, said):
    """A fuzzer that overlooks a crash or a hang is none; the cases behind it are run all the same."""
    program = tmp_path / "program"
    program.write_text(f"#!/bin/bash\nif [ $5 = 0 ]; then {script}; fi\n")
    program.chmod(0o755)
    monkeypatch.setattr(running, "DEADLINE", 1.0)
    monkeypatch.setattr(running, "STILL", still)
    monkeypatch.setattr(sys, "executable", str(program))
    findings = run(2, 3, 1, ["images"])

    assert [said] == findings.bad


@pytest.mark.parametrize(
    ("act", "trespasses"),
    [
        ("open('inside', 'w')", 0),
        ("open('/etc/hostname')", 1),
        ("open(__import__('os').__file__)", 0),
        ("open(__import__('os').__file__, 'a')", 1),
        ("__import__('os').mkdir('../beside')", 1),
        ("__import__('os').rename('..', 'inside')", 1),
        ("__import__('socket').socket().connect(('127.0.0.1', 9))", 1),
    ],
)
def test_the_guard_notices_what_is_done_outside_the_home(tmp_path, act, trespasses):
    """Reading is free in the home and the installed code, writing in the home alone, networks not at all."""
    (tmp_path / "home").mkdir()
    program = (
        "import contextlib, sys; from pathlib import Path; from fuzz.guard import Guard; guard = Guard(Path('.'))\n"
        f"with contextlib.suppress(OSError): {act}\n"
        "print(len(guard.trespasses))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": ":".join(sys.path)},
        cwd=tmp_path / "home",
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(done.stdout) == trespasses
