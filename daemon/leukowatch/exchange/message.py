"""Results as HL7 v2.5.1: an ORU^R01 message for each slide."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from leukowatch.differential.result import ClassResult, SlideResult, State
from leukowatch.exchange.codes import (
    CELLS,
    GIGA_PER_LITRE,
    LOCAL,
    LOINC,
    PER_100,
    PERCENT,
    SITE,
    Code,
    codes_of,
    panel_code,
)
from leukowatch.exchange.wording import APART, SOFTWARE, limits, remarks, usual

STATUS = {State.PRELIMINARY: "P", State.FINAL: "F", State.AMENDED: "C"}
"""Tables 0085 and 0123."""
SYSTEMS = {LOINC: "LN", SITE: "L", LOCAL: "99LEUKO"}
"""Table 0396."""
_ESCAPES = str.maketrans(
    {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
    | dict.fromkeys((chr(number) for number in (*range(32), 127)), " ")
)
"""Characters of the format itself; control characters, of which some end a segment, become blanks."""
Field = str
"""One field, with its components, already escaped."""


def slide_hl7(result: SlideResult, control_id: str) -> bytes:
    """Give one message in UTF-8; segments end with a carriage return.

    Args:
        result: of one slide.
        control_id: MSH-10, at most 20 characters: the receiver knows by it a message that it has had already.
    """
    segments = [_msh(result, control_id), *_request(result)]
    for number, (code, value, unit, cell_class) in enumerate(_values(result), start=1):
        segments.append(_obx(result, number, code, value, unit, cell_class))
        if cell_class and limits(cell_class) and unit == PERCENT:
            segments.append(_nte(1, f"Exact 95% limits {limits(cell_class)}%"))
    return "".join("|".join(segment).rstrip("|") + "\r" for segment in segments).encode()


def _msh(result: SlideResult, control_id: str) -> list[Field]:
    time = _time(result.made_at)
    kind = "ORU^R01^ORU_R01"
    head = ["MSH", r"^~\&", SOFTWARE.upper(), "", "", "", time, "", kind, control_id, "P", "2.5.1"]
    return [*head, "", "", "", "", "", "UNICODE UTF-8"]


def _request(result: SlideResult) -> Iterator[list[Field]]:
    """Give the request's segments, and the remarks that go with the whole."""
    placer = _text(result.order.order_id) if result.order else ""
    filler, time = _text(result.slide), _time(result.made_at)
    yield ["ORC", "RE", placer, filler]
    signer = _person(result, "&")
    yield [
        "OBR", "1", placer, filler, _coded(panel_code(result.state)), "", "", time, *[""] * 14, time, "", "HM",
        STATUS[result.state], *[""] * 6, signer,
    ]  # fmt: skip
    for number, sentence in enumerate(remarks(result), start=1):
        yield _nte(number, sentence)


def _values(result: SlideResult) -> Iterator[tuple[tuple[Code, ...], float | None, str, ClassResult | None]]:
    """Give codes, value, unit and class of every observation, in the order of reports."""
    for each in result.classes:
        yield codes_of(each, result), each.percent, PER_100 if each.role == APART else PERCENT, each
        yield (Code(LOCAL, f"{each.name}-cells", f"{each.label}, cells"),), each.count, CELLS, None
        if each.absolute is not None:
            absolute = Code(LOCAL, f"{each.name}-absolute", f"{each.label}, absolute")
            yield (absolute,), each.absolute, GIGA_PER_LITRE, None
    yield (Code(LOCAL, "leucocytes", "Leucocytes counted"),), result.leucocytes, CELLS, None
    yield (Code(LOCAL, "unclassified", "Unclassified cells"),), result.unclassified, CELLS, None
    yield (Code(LOCAL, "artefacts", "Artefacts"),), result.artefacts, CELLS, None
    if result.corrected_leucocytes is not None:
        code = Code(LOCAL, "corrected-leucocytes", "Leucocytes less erythroblasts")
        yield (code,), result.corrected_leucocytes, GIGA_PER_LITRE, None


def _obx(
    result: SlideResult,
    number: int,
    codes: Sequence[Code],
    value: float | None,
    unit: str,
    cell_class: ClassResult | None,
) -> list[Field]:
    """Give one observation; a value that does not exist is empty, as there is no per cent of no cells."""
    told = "" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")
    equipment = "~".join(_text(name) for name in result.bundles)
    signer = _person(result, "^")
    return [
        "OBX", str(number), "NM", _coded(codes[0], *codes[-1:] if len(codes) > 1 else ()), "", told,
        f"{_text(unit)}^^UCUM", usual(cell_class) if cell_class else "", cell_class.flag if cell_class else "",
        "", "", STATUS[result.state], "", "", _time(result.made_at), "", signer, "", equipment,
    ]  # fmt: skip


def _nte(number: int, sentence: str) -> list[Field]:
    return ["NTE", str(number), "L", _text(sentence)]


def _coded(*codes: Code) -> Field:
    """Write one code or two as the six components of a coded element."""
    return "^".join(f"{_text(each.code)}^{_text(each.display)}^{SYSTEMS[each.system]}" for each in codes)


def _person(result: SlideResult, between: str) -> Field:
    """Write who signed last, the account's name as number and as family name; empty where nobody has."""
    return between.join([_text(result.signatures[-1].who)] * 2) if result.signatures else ""


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _time(moment: datetime) -> Field:
    return moment.strftime("%Y%m%d%H%M%S%z")
