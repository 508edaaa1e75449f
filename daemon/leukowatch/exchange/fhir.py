"""Results as FHIR R4B: one Bundle with a DiagnosticReport a slide, its Observations and the devices."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from fhir.resources.R4B.bundle import Bundle

from leukowatch.differential.result import ClassResult, Reference, SlideResult
from leukowatch.differential.written import two
from leukowatch.exchange.codes import (
    CELLS,
    GIGA_PER_LITRE,
    LOCAL,
    PER_100,
    PERCENT,
    UCUM,
    Code,
    codes_of,
    panel_code,
)
from leukowatch.exchange.wording import APART, NOTE, SOFTWARE, limits, remarks

SLIDE = "urn:leukowatch:slide"
ORDER = "urn:leukowatch:order"
MANIFEST = "urn:leukowatch:bundle-sha256"
_HL7 = "http://terminology.hl7.org/CodeSystem"
_LABORATORY = {"coding": [{"system": f"{_HL7}/observation-category", "code": "laboratory"}]}
_NORMAL = {"coding": [{"system": f"{_HL7}/referencerange-meaning", "code": "normal"}]}
_NO_NUMBER = {"coding": [{"system": f"{_HL7}/data-absent-reason", "code": "not-a-number"}]}
"""There is no per cent of no leucocytes."""
Resource = dict[str, Any]


def slides_fhir(results: Sequence[SlideResult]) -> bytes:
    """Give a Bundle of kind `collection`, checked by `fhir.resources` as it is made.

    Ids are the same at every export of the same version of a slide, so that a receiver can put it in place of what
    it has.
    """
    entries = [
        {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
        for result in results
        for resource in _resources(result)
    ]
    once = {entry["fullUrl"]: entry for entry in entries}
    document = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": max(result.made_at for result in results).isoformat(),
        "entry": list(once.values()),
    }
    return Bundle.model_validate(document).model_dump_json(indent=2).encode() + b"\n"


def _resources(result: SlideResult) -> Iterator[Resource]:
    devices = list(_devices(result))
    observations = [_share(each, result) for each in result.classes] + list(_numbers(result))
    for observation in observations:
        observation["device"] = _to(devices[0])
    yield _report(result, observations)
    yield from observations
    yield from devices


def _report(result: SlideResult, observations: Sequence[Resource]) -> Resource:
    report = _common(result, "DiagnosticReport", "report") | {
        "identifier": [{"system": SLIDE, "value": result.slide}],
        "specimen": [_specimen(result)],
        "code": _concept(panel_code(result.state)),
        "issued": result.made_at.isoformat(),
        "conclusion": "\n".join(remarks(result)),
        "result": [_to(observation) for observation in observations],
    }
    if result.signatures:
        report["resultsInterpreter"] = [
            {"display": f"{each.who} ({each.role}, {each.kind})"} for each in result.signatures
        ]
    return report


def _share(cell_class: ClassResult, result: SlideResult) -> Resource:
    """Tell one class: its share as the value, its cells and limits as components."""
    unit = PER_100 if cell_class.role == APART else PERCENT
    observation = _observation(result, cell_class.name) | {
        "code": _concept(*codes_of(cell_class, result)),
        "component": list(_components(cell_class)),
        **_value(cell_class.percent, unit),
    }
    if cell_class.reference:
        observation["referenceRange"] = [_range(cell_class.reference)]
    if cell_class.flag:
        observation["interpretation"] = [
            {"coding": [{"system": f"{_HL7}/v3-ObservationInterpretation", "code": cell_class.flag}]}
        ]
    if limits(cell_class):
        observation["note"] = [{"text": f"Exact 95% limits {limits(cell_class)}%"}]
    return observation


def _components(cell_class: ClassResult) -> Iterator[Resource]:
    parts = (
        ("cells", "Cells", cell_class.count, CELLS),
        ("low", "Lower exact 95% limit", cell_class.low, PERCENT),
        ("high", "Upper exact 95% limit", cell_class.high, PERCENT),
        ("absolute", "Absolute number", cell_class.absolute, GIGA_PER_LITRE),
    )
    for name, display, value, unit in parts:
        if value is not None:
            yield {"code": _concept(Code(LOCAL, name, display)), **_value(value, unit)}


def _numbers(result: SlideResult) -> Iterator[Resource]:
    """Tell what is of the slide as a whole."""
    parts = (
        ("leucocytes", "Leucocytes counted", result.leucocytes, CELLS),
        ("unclassified", "Unclassified cells", result.unclassified, CELLS),
        ("artefacts", "Artefacts", result.artefacts, CELLS),
        (
            "corrected-leucocytes", "Leucocytes less erythroblasts", result.corrected_leucocytes, GIGA_PER_LITRE,
        ),
    )  # fmt: skip
    for name, display, value, unit in parts:
        if value is not None:
            yield _observation(result, f"number {name}") | {
                "code": _concept(Code(LOCAL, name, display)),
                **_value(value, unit),
            }


def _observation(result: SlideResult, part: str) -> Resource:
    return _common(result, "Observation", part) | {"specimen": _specimen(result)}


def _specimen(result: SlideResult) -> Resource:
    return {"type": "Specimen", "identifier": {"system": SLIDE, "value": result.slide}}


def _common(result: SlideResult, kind: str, part: str) -> Resource:
    """Begin a report or an observation of a slide."""
    resource: Resource = {
        "resourceType": kind,
        "id": _id(f"{result.slide}\n{result.version}\n{part}"),
        "status": result.state.value,
        "category": [_LABORATORY],
        "effectiveDateTime": result.made_at.isoformat(),
    }
    if result.order:
        wanted = {"system": ORDER, "value": result.order.order_id}
        resource["basedOn"] = [{"type": "ServiceRequest", "identifier": wanted}]
    return resource


def _devices(result: SlideResult) -> Iterator[Resource]:
    """Tell the software, of which the observations are, and each bundle as a part of it."""
    whole = {
        "resourceType": "Device",
        "id": _id("\n".join((SOFTWARE, *result.bundles.values()))),
        "deviceName": [{"name": SOFTWARE, "type": "model-name"}],
        "version": [
            {"type": {"text": f"bundle {name}"}, "value": sha} for name, sha in result.bundles.items()
        ],
        "note": [{"text": NOTE}],
    }
    if not result.bundles:
        del whole["version"]
    yield whole
    for name, sha256 in result.bundles.items():
        yield {
            "resourceType": "Device",
            "id": _id(f"{whole['id']}\n{name}\n{sha256}"),
            "identifier": [{"system": MANIFEST, "value": sha256}],
            "deviceName": [{"name": name, "type": "model-name"}],
            "parent": _to(whole),
            "note": [{"text": NOTE}],
        }


def _value(value: float | None, unit: str) -> Resource:
    if value is None:
        return {"dataAbsentReason": _NO_NUMBER}
    return {"valueQuantity": _quantity(value, unit)}


def _quantity(value: float, unit: str) -> Resource:
    return {"value": two(value), "unit": unit, "system": UCUM, "code": unit}


def _range(reference: Reference) -> Resource:
    unit = reference.unit
    return {
        "low": _quantity(reference.low, unit), "high": _quantity(reference.high, unit), "type": _NORMAL,
    }  # fmt: skip


def _concept(*codes: Code) -> Resource:
    coding = [{"system": code.system, "code": code.code, "display": code.display} for code in codes]
    return {"coding": coding, "text": codes[-1].display}


def _to(resource: Resource) -> Resource:
    return {"reference": f"urn:uuid:{resource['id']}"}


def _id(named: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"urn:leukowatch:{named}"))
