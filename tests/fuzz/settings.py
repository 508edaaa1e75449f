"""Mutated settings files, through what every command does first."""

from datetime import date
from pathlib import Path
from random import Random

from fuzz.mutating import mutated
from leukowatch.errors import SettingsInvalid
from leukowatch.inbox.naming import slide_of
from leukowatch.setting_tables import AnalysisSettings, InboxSettings, ServiceSettings, StoreSettings
from leukowatch.settings import CONFIG_NAME, load_settings, origins

_ODD = [
    "-1", "0", "1e400", "nan", "true", '""', '"~nobody/x"', '"\\u0000"', "[]", "{}", "9" * 30, "2031-05-04",
    '"(?P<slide>.*)"', '"(?P<slide>"', '"sqlite:///../x.db"', "[[1]]", "'''\n'''",
]  # fmt: skip


class SettingsFiles:
    """Settings files of every key, some values odd, then their bytes mutated.

    Args:
        home: gets the file.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file = home / CONFIG_NAME
        rooms = (("inbox", InboxSettings()), ("analysis", AnalysisSettings()), ("store", StoreSettings()))
        self._values = {f"[{name}]": dict(room) for name, room in (*rooms, ("service", ServiceSettings()))}

    def __call__(self, rng: Random) -> str:
        """One file: in force as it is, or refused with its reason."""
        text = self._text(rng)
        self._file.write_bytes(mutated(rng, text, [text]) if rng.random() < 0.6 else text)
        try:
            settings = load_settings(self._home)
        except SettingsInvalid:
            return "refused"
        origins(settings)
        slide_of(b"S17_003.jpg", settings.inbox.slide_pattern, date(2031, 5, 4))
        return "in force"

    def _text(self, rng: Random) -> bytes:
        lines = []
        for table, values in self._values.items():
            lines.append(table)
            for key, value in values.items():
                told = str(value).lower() if isinstance(value, bool | int | float) else f'"{value}"'
                lines.append(f"{key} = {rng.choice(_ODD) if rng.random() < 0.03 else told}")
        return "\n".join(lines).encode()
