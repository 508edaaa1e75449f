"""Splits keep what belongs together together, and are the same on every machine."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leukonet.labels import LabelledField
from leukonet.training.splits import folds, hold_out

fields = st.lists(
    st.builds(
        lambda source, group, number: LabelledField(Path(f"{number}.jpg"), source, group, "", ()),
        st.sampled_from(["bccd", "chula"]),
        st.sampled_from([f"slide-{letter}" for letter in "abcdefgh"]),
        st.integers(0, 999),
    ),
    max_size=60,
)


def some(count: int, per_group: int = 1) -> list[LabelledField]:
    """Fields of one set, so many to a group."""
    return [LabelledField(Path(f"{i}.jpg"), "set", f"group-{i // per_group}", "", ()) for i in range(count)]


def groups(part: list[LabelledField]) -> set[tuple[str, str]]:
    """The groups of a part, each with its set."""
    return {(field.source, field.group) for field in part}


@given(fields, st.floats(0, 1), st.integers(0, 99))
def test_holding_out_never_splits_a_group_nor_loses_a_field(given_fields, share, seed):
    """An original's augmentations or a slide's fields on both sides would leak."""
    kept, held = hold_out(given_fields, share, seed)

    assert groups(kept).isdisjoint(groups(held))
    assert sorted(map(repr, given_fields)) == sorted(map(repr, kept + held))


@given(fields, st.integers(1, 6))
def test_folds_never_split_a_group_nor_lose_a_field(given_fields, count):
    """Whatever the sizes of the groups."""
    parts = folds(given_fields, count)

    assert count == len(parts)
    assert sum(len(groups(part)) for part in parts) == len(groups(given_fields))
    assert sorted(map(repr, given_fields)) == sorted(repr(field) for part in parts for field in part)


@given(fields, st.integers(1, 6))
def test_folds_differ_by_no_more_than_the_largest_group(given_fields, count):
    """So every fold is judged on about as many fields."""
    sizes = [len(part) for part in folds(given_fields, count)]
    largest = max(
        (sum((f.source, f.group) == group for f in given_fields) for group in groups(given_fields)), default=0
    )

    assert max(sizes) - min(sizes) <= largest


def test_groups_of_one_make_folds_of_equal_size():
    """Fifty over five."""
    assert [10] * 5 == [len(part) for part in folds(some(50), 5)]


@given(fields, st.randoms(use_true_random=False))
def test_the_order_of_the_fields_does_not_matter(given_fields, random):
    """File systems list as they like."""
    mixed = random.sample(given_fields, len(given_fields))

    assert groups(hold_out(given_fields, 0.3, 1)[1]) == groups(hold_out(mixed, 0.3, 1)[1])
    assert [groups(part) for part in folds(given_fields, 3)] == [groups(part) for part in folds(mixed, 3)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_about_the_share_is_held_out(share):
    """Of a thousand groups, within a few per cent."""
    held = hold_out(some(3000, per_group=3), share, 1)[1]

    assert abs(len(held) / 3000 - share) < 0.04


def test_another_seed_holds_out_others():
    """And the same seed the same."""
    chosen = [groups(hold_out(some(200), 0.2, seed)[1]) for seed in (1, 1, 2)]

    assert chosen[0] == chosen[1] != chosen[2]


def test_the_split_is_the_same_in_another_process():
    """No hash that a process salts has a part in it."""
    code = (
        "from pathlib import Path; from leukonet.labels import LabelledField;"
        "from leukonet.training.splits import hold_out;"
        "fields = [LabelledField(Path('x'), 'set', f'group-{i}', '', ()) for i in range(200)];"
        "print([f.group for f in hold_out(fields, 0.2, 1)[1]])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert repr([field.group for field in hold_out(some(200), 0.2, 1)[1]]) == done.stdout.strip()
