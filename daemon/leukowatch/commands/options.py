"""What commands ask for: the home, before or after the command's name; and a password, never shown."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from leukowatch.settings import Settings, load_settings

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Instead of LEUKOWATCH_HOME, else ./leukowatch-home.")
]
PasswordOption = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input, one line.")
]
_state: dict[str, Path | None] = {"home": None}


def common(home: HomeOption = None) -> None:
    """Counts white cells on blood-smear images dropped into a folder. Research use only."""
    from leukowatch.console.logs import configure_logs, is_read_along

    _state["home"] = home
    # Standard output is a command's answer, and goes into pipes.
    configure_logs("warning", is_read_along())


def settings_of(home: Path | None) -> Settings:
    """Load the settings of the home that was named last."""
    return load_settings(home or _state["home"])


def typed_password(*, from_stdin: bool, new: bool) -> str:
    """Read a password from standard input, else from the terminal; a new one is typed there twice."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=new))
