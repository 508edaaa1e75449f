"""The list of slides tells in words what a person must look at."""

from handmade import NOON, cell, fill, outcome, seen
from leukowatch.differential.listing import listing
from leukowatch.settings import Settings
from leukowatch.store import reviews
from leukowatch.store.worklist import WorklistRow, record_worklist
from reviewing import LATER, lab_at

RANGES = """
source = "a test"
[[range]]
class = "lymphocyte"
low = 20
high = 40
[[range]]
class = "neutrophil"
low = 30
high = 80
age_below = 4
[[range]]
class = "neutrophil"
low = 50
high = 70
age_from = 4
"""


def mixed(neutrophils, lymphocytes):
    """A field with so many of each."""
    return seen(*[cell("neutrophil")] * neutrophils, *[cell("lymphocyte")] * lymphocytes)


def flags(lab, **settings):
    """Flags of each slide, by name."""
    found = listing(lab.engine, Settings(home=lab.path.parent, **settings), LATER)
    return {line.slide.name: line.flags for line in found.lines}


def test_what_is_high_or_low_follows_the_ranges_that_apply(tmp_path):
    """By the site's file and the age on the worklist: a child's 45% neutrophils are usual, an adult's are low."""
    ranges = tmp_path / "ranges.toml"
    ranges.write_text(RANGES)
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]) as lab:
        fill(
            lab.path,
            [outcome("ADULT", "1.jpg", 2, mixed(45, 55)), outcome("CHILD", "1.jpg", 3, mixed(450, 550))],
        )
        record_worklist(lab.engine, lab.people["cleo"], [WorklistRow("CHILD", "O-1", 2.0)], LATER)

        found = flags(lab, differential={"reference": str(ranges)})

    assert found["CHILD"] == ("Lymphocyte high",)
    assert found["ADULT"] == ("Neutrophil low", "Lymphocyte high")


def test_blasts_left_shift_few_cells_and_quarantine_are_told(tmp_path):
    """Beside what the store flags, such as a slide that nobody named."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"] * 60 + ["lymphocyte"] * 30) as lab:
        fill(lab.path, [outcome("unassigned-1", "1.jpg", 2, None), outcome("S1", "x.jpg", 3, None)])
        reviews.classify(lab.engine, lab.people["anna"], "S1", lab.keys()[:1], "blast", now=NOON)
        reviews.classify(lab.engine, lab.people["anna"], "S1", lab.keys()[1:13], "band", now=NOON)

        found = flags(lab)

    assert set(found["S1"]) >= {"fewer than 100 cells", "blasts: 1", "left shift", "1 in quarantine"}
    assert found["unassigned-1"] == ("fewer than 100 cells", "1 in quarantine", "unassigned")


def test_an_order_is_the_worklists_or_the_names(tmp_path):
    """The site's pattern reads it from the slide's name where no line of the worklist holds."""
    with lab_at(tmp_path / "leukowatch.db", ["neutrophil"]) as lab:
        fill(lab.path, [outcome("O77-2", "1.jpg", 2, None)])
        record_worklist(lab.engine, lab.people["cleo"], [WorklistRow("S1", "O-1")], LATER)
        settings = Settings(home=lab.path.parent, exchange={"order_pattern": r"O(?P<order>\d+)-\d"})

        found = listing(lab.engine, settings, LATER)

    assert [(line.slide.name, line.order) for line in found.lines] == [("O77-2", "77"), ("S1", "O-1")]
