"""What is told to logs and terminals holds no secret."""

import pytest

PASSWORD = "correct-horse"


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_a_databases_password_is_told_to_nobody(home, command):
    """The journal is read by more people than the settings file; the server is named without it."""
    home._variables["LEUKOWATCH_STORE__URL"] = f"postgresql+psycopg://ada:{PASSWORD}@127.0.0.1:9/smears"
    done = home.command(command)

    assert done.returncode != 0
    assert PASSWORD not in done.stdout + done.stderr
