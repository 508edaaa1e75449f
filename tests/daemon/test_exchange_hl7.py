"""HL7 v2.5.1, held against the structures of hl7apy, and split by hand."""

import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.parser import parse_message

from exchanging import result
from leukowatch.differential.result import State
from leukowatch.exchange.message import slide_hl7
from reading_back import segments

PANELS = {State.PRELIMINARY: "69738-3", State.FINAL: "24318-8", State.AMENDED: "24318-8"}


@pytest.mark.parametrize("state", State)
def test_hl7_is_a_valid_oru_r01_of_2_5_1(state):
    """Read and validated by another library, groups and all."""
    text = slide_hl7(result(state), "0123456789abcdef").decode()

    message = parse_message(text, validation_level=VALIDATION_LEVEL.STRICT, find_groups=True)

    assert message.validate()
    observed = message.ORU_R01_PATIENT_RESULT.ORU_R01_ORDER_OBSERVATION
    assert ("0123456789abcdef", "2.5.1", PANELS[state]) == (
        message.msh.msh_10.value, message.msh.msh_12.value, observed.obr.obr_4.obr_4_1.value,
    )  # fmt: skip
    statuses = {each.obx.obx_11.value for each in observed.ORU_R01_OBSERVATION}
    assert {{"preliminary": "P", "final": "F", "amended": "C"}[state.value]} == statuses | {
        observed.obr.obr_25.value
    }


def test_hl7_tells_each_share_with_unit_range_and_codes():
    """Code of LOINC first, the class's own name beside it; a code of the site where there is no LOINC."""
    rows = segments(slide_hl7(result(), "1").decode(), "OBX")
    told = {row[3].split("^")[-3 if row[3].count("^") > 2 else 0]: row for row in rows}

    assert ("23761-0^Neutrophils/100 leukocytes in Blood by Manual count^LN^neutrophil^Neutrophil^99LEUKO", "60",
            "%^^UCUM", "40-80") == tuple(told["neutrophil"][at] for at in (3, 5, 6, 7))  # fmt: skip
    assert "B\\F\\1\\S\\x^Blast^L^blast^Blast^99LEUKO" == told["blast"][3]
    assert ("2", "/100{leukocytes}^^UCUM") == tuple(told["erythroblast"][at] for at in (5, 6))
    assert "0" == told["basophil-cells"][5]


def test_hl7_escapes_what_is_of_the_format_itself():
    """A slide's name with separators or a line break stays one field of one segment."""
    text = slide_hl7(result(slide="a|b^c&d~e\\f\rOBX|9"), "1").decode()

    (request,) = segments(text, "OBR")
    assert ("O-17", "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f OBX\\F\\9") == (request[2], request[3])


def test_hl7_keeps_names_of_any_script():
    """UTF-8, and it says so."""
    text = slide_hl7(result(slide="Препарат-7"), "1").decode()

    assert ("UNICODE UTF-8", "Препарат-7") == (segments(text, "MSH")[0][17], segments(text, "OBR")[0][3])
