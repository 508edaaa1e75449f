"""Reference ranges by age and sex, and what is concluded from counts."""

import pytest

from leukowatch.differential.reference import Reference, flag_of, load_ranges
from leukowatch.differential.rules import corrected_leucocytes, left_shift, remarks
from leukowatch.errors import SettingsInvalid

SITE = """
source = "own staff, 2030"

[[range]]
class = "neutrophil"
low = 45
high = 75
sex = "female"
age_from = 18

[[range]]
class = "neutrophil"
low = 40
high = 70
age_from = 18

[[range]]
class = "neutrophil"
low = 20
high = 50
age_below = 6
"""


@pytest.fixture
def site(tmp_path):
    """A site's own ranges."""
    path = tmp_path / "ranges.toml"
    path.write_text(SITE)
    return load_ranges(str(path))


@pytest.mark.parametrize(
    ("age", "sex", "expected"),
    [
        (30, "female", (45, 75)), (30, "male", (40, 70)), (30, "", (40, 70)), (18, "male", (40, 70)),
        (5.9, "male", (20, 50)), (6, "male", None), (17.99, "female", None), (None, "female", (45, 75)),
        (None, "", (40, 70)), (0, "", (20, 50)),
    ],
)  # fmt: skip
def test_a_range_is_for_an_age_and_a_sex(site, age, sex, expected):
    """The first that fits holds; where no age is known an adult is taken; a gap has none."""
    found = site.of("neutrophil", age, sex)

    assert found == (Reference(*expected, "%") if expected else None)


@pytest.mark.parametrize(
    ("neutrophil", "band", "flag"),
    [(35, 0, "L"), (35, 15, ""), (35, 36, "H"), (50, None, ""), (71, None, "H"), (None, None, "")],
)
def test_the_range_of_neutrophils_is_of_bands_too(site, neutrophil, band, flag):
    """Segmented ones alone are low in every left shift, although the neutrophils are not."""
    percents = {"neutrophil": neutrophil} | ({} if band is None else {"band": band})

    assert site.judge("neutrophil", percents, 30, "male") == (Reference(40, 70, "%"), flag)


def test_bands_with_a_range_of_their_own_are_not_added(tmp_path):
    """Then the site's range of neutrophils is of the segmented ones."""
    path = tmp_path / "ranges.toml"
    path.write_text(f'{SITE}[[range]]\nclass = "band"\nlow = 0\nhigh = 5\n')

    found = load_ranges(str(path))
    percents = {"neutrophil": 35.0, "band": 15.0}

    assert [found.judge(name, percents, 30, "male")[1] for name in percents] == ["L", "H"]


def test_a_class_without_a_range_has_none(site):
    """Nothing is made up."""
    assert site.of("basophil", 30, "male") is None


def test_the_shipped_ranges_are_for_adults_and_say_so():
    """Each of the five has one; a child has none of them."""
    shipped = load_ranges("")

    assert shipped.source.startswith("shipped ranges, not this laboratory's own; adults, after ")
    assert shipped.of("neutrophil", 40, "male") == Reference(40, 80, "%")
    five = ("neutrophil", "eosinophil", "basophil", "lymphocyte", "monocyte")
    assert all(shipped.of(name, None, "") for name in five)
    assert not any(shipped.of(name, 4, "") for name in five)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source = ", "no TOML"), ('source = "x"', "range"), ('source = ""\nrange = []', "source"),
        (SITE.replace("high = 75", "high = 40"), "low is above high for neutrophil"),
        (SITE.replace("high = 75", "high = 140"), "high"), (SITE.replace('"female"', '"f"'), "sex"),
        (SITE.replace("age_from", "age_form"), "age_form"), ("range = 3", "source"),
        ('source = "x"\ncolour = 1\nrange = []', "colour"),
    ],
)  # fmt: skip
def test_a_file_that_makes_no_sense_is_refused(tmp_path, text, said):
    """The message names the setting, the file and the place."""
    path = tmp_path / "ranges.toml"
    path.write_text(text)

    with pytest.raises(SettingsInvalid, match=rf"differential.reference: .*ranges.toml.*{said}"):
        load_ranges(str(path))


def test_an_absent_file_is_refused(tmp_path):
    """Rather than to fall back on ranges that are not the site's."""
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_ranges(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(("percent", "flag"), [(39.99, "L"), (40, ""), (80, ""), (80.01, "H"), (None, "")])
def test_a_flag_says_above_or_below(percent, flag):
    """The limits themselves are usual."""
    assert flag_of(percent, Reference(40, 80, "%")) == flag
    assert flag_of(percent, None) == ""


def test_erythroblasts_are_taken_out_of_the_leucocytes():
    """Ten beside a hundred leucocytes: of 11 nucleated cells 10 are leucocytes."""
    assert corrected_leucocytes(11.0, 10, 100) == pytest.approx(10.0)
    assert corrected_leucocytes(11.0, 0, 100) == 11.0
    assert corrected_leucocytes(30.0, 400, 200) == pytest.approx(10.0)
    assert corrected_leucocytes(11.0, 5, 0) is None


@pytest.mark.parametrize(
    ("counts", "shifted"),
    [
        ({}, False), ({"band": 20}, False), ({"band": 21}, True), ({"metamyelocyte": 4}, False),
        ({"metamyelocyte": 5}, True), ({"metamyelocyte": 2, "immature_granulocyte": 3}, True),
        ({"myelocyte": 1}, False), ({"myelocyte": 1, "promyelocyte": 1}, True),
    ],
)  # fmt: skip
def test_a_left_shift_is_told_by_bands_and_immature_granulocytes(counts, shifted):
    """Of 200 leucocytes: above 10% bands, above 2 metamyelocytes or from 1 myelocyte per 100."""
    assert left_shift(counts, 200) is shifted
    assert left_shift(counts, 0) is False


@pytest.mark.parametrize(
    ("leucocytes", "said"),
    [(99, "Fewer than 100 leucocytes"), (150, "target of 200 leucocytes is not reached"), (200, "")],
)
def test_a_reader_is_warned_of_few_cells(leucocytes, said):
    """Below a hundred, and below the site's target."""
    found = [each.sentence for each in remarks({}, leucocytes, 200, 0, 0)]

    assert len(found) == bool(said)
    assert said in "".join(found)
