"""`python -m leukowatch`, and what the installed `leukowatch` runs; the commands are imported only when one is run.

Each worker that is spawned imports the program that spawned it.
"""

import os


def main() -> None:
    """Run the command."""
    # Pydantic would read the metadata of every installed package, to see whether one extends it.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    from leukowatch.cli import main as run  # noqa: PLC0415  see above

    run()


if __name__ == "__main__":
    main()
