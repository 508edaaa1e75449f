"""Whatever the OpenAPI schema allows, and whatever it forbids, the service answers without an error of its own."""

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from desk import PEOPLE
from lab import PATIENCE

LEFT_OUT = {"/api/v1/events", "/api/v1/accounts/{account}"}
"""One never ends, the other could take the other requests' account away."""
EXAMPLES = 12
"""Requests of each operation and mode."""
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # of schemathesis and what it brings
@pytest.mark.parametrize("name", ["sam", "adm"])
def test_no_request_makes_the_service_fail(desk, name):
    """Requests made up from the schema, by a supervisor's and an administrator's program."""
    with desk.program(name, PEOPLE[name]) as program:
        described = program.get("/api/v1/openapi.json").json()
        known = {"slide": desk.slide(), "field": 1, "cell": "c1", "file": 1}
        operations = [each.ok() for each in schemathesis.openapi.from_dict(described).get_all_operations()]
        answers = [
            status
            for operation in operations
            if operation.path not in LEFT_OUT
            for mode in GenerationMode
            for status in try_out(operation, mode, program, known)
        ]

    assert [status for status in answers if status >= 500] == []
    assert {200, 403, 422} <= set(answers)


def try_out(operation, mode, program, known):
    """Send requests to one operation, about what there is and about what there is not; give the statuses."""
    named = {key: value for key, value in known.items() if f"{{{key}}}" in operation.path}
    statuses = send_cases(operation, mode, program, {})
    return statuses + (send_cases(operation, mode, program, named) if named else [])


def send_cases(operation, mode, program, named):
    """Send requests whose path names these things, where there are any to name."""
    statuses = []

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case):
        case.path_parameters = named or case.path_parameters
        answer = case.call(base_url=str(program.base_url), headers=dict(program.headers), timeout=PATIENCE)
        statuses.append(answer.status_code)

    with suppress(Unsatisfiable):  # an operation that takes nothing cannot be asked wrongly
        send()
    return statuses
