"""A wall clock that jumps, as after a dead battery or a mended time server: waiting is not measured by it."""

import pytest

from faults.accounts import Account, account, at, counted, gated, settled
from lab import wait_until

pytestmark = pytest.mark.slow

YEAR = 365 * 24 * 3600.0


def jump(clock, years):
    """Set the service's wall clock, in one step."""
    (new := clock.with_suffix(".new")).write_text(str(years * YEAR))
    new.replace(clock)


@pytest.fixture
def clock(home, tmp_path):
    """Give the file that says by how many seconds the service's wall clock is wrong."""
    clock = tmp_path / "clock"
    jump(clock, 0)
    home._variables |= {"SABOTAGE_CLOCK": str(clock), "LEUKOWATCH_INBOX__TRUNCATED_SECONDS": "20"}
    (home.inbox / "S").mkdir()
    return clock


@pytest.mark.parametrize("years", [(0, 10, -10), (0, -10, 10)], ids=["on and back", "back and on"])
def test_jumps_of_the_wall_clock_change_no_count(home, phantoms, clock, years):
    """Years on and years back while it runs: each image is taken in time and counts once, in the order it came."""
    with home.service() as process:
        for number, year in enumerate(years):
            jump(clock, year)
            (home.inbox / "S" / f"{number}.jpg").write_bytes(phantoms[number])
            settled(home, "S", number + 1)
        code = home.stop(process)

    noted = [int(at[:4]) for (at,) in home.query("SELECT received_at FROM arrival ORDER BY id")]
    assert 0 == code
    assert counted("0.jpg", "1.jpg", "2.jpg") == account(home, "S")
    assert [*years] == pytest.approx([year - noted[0] for year in noted], abs=1)


def test_half_an_image_is_not_given_up_when_the_clock_jumps(home, phantoms, clock):
    """A writer at work has its time by a clock that nobody sets: a jump does not make its file old."""
    with home.service():
        with (home.inbox / "S" / "half.jpg").open("wb", buffering=0) as file:
            file.write(phantoms[0][:5000])
            jump(clock, 1)
            (home.inbox / "S" / "other.jpg").write_bytes(phantoms[1])
            waiting = settled(home, "S", 1)
            file.write(phantoms[0][5000:])
        found = settled(home, "S", 2)

    assert Account({"other.jpg": ["counted"]}, ["half.jpg"], ["other.jpg"], fields=1) == waiting
    assert counted("half.jpg", "other.jpg").fields == found.fields
    assert ["half.jpg", "other.jpg"] == found.archive


@pytest.mark.parametrize("years", [10, -10])
def test_field_in_hand_is_not_given_up_when_the_clock_jumps(home, phantoms, clock, gate, years):
    """A worker at work has its time as well: nobody ends it, and no other begins anew."""
    with home.service():
        (home.inbox / "S" / "slow.jpg").write_bytes(gated(phantoms[0], gate))
        wait_until(lambda: at(gate))
        jump(clock, years)
        (home.inbox / "S" / "other.jpg").write_bytes(phantoms[1])
        meanwhile = settled(home, "S", 1)
        gate.touch()
        found = settled(home, "S", 2)

    assert Account({"other.jpg": ["counted"]}, ["slow.jpg"], ["other.jpg"], fields=1) == meanwhile
    assert counted("other.jpg", "slow.jpg") == found
    assert 1 == at(gate)
