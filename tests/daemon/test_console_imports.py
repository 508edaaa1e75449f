"""What importing the console costs."""

import subprocess
import sys

MODULES = (
    "captions",
    "crops",
    "field",
    "figure",
    "live",
    "logs",
    "report",
    "screen",
    "shares",
    "snapshot",
    "tables",
)


def test_importing_the_console_loads_neither_scipy_nor_alembic():
    """Limits load scipy at first use; only a migration needs Alembic."""
    wanted = ", ".join(f"leukowatch.console.{module}" for module in MODULES)
    script = f"import sys, {wanted}; print([name for name in ('scipy', 'alembic') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
