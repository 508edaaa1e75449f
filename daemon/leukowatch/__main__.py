"""`python -m leukowatch`, and what the installed `leukowatch` runs; the commands are imported only when one is run.

Each worker that is spawned imports the program that spawned it.
"""


def main() -> None:
    """Run the command."""
    from leukowatch.cli import main as run  # noqa: PLC0415  see above

    run()


if __name__ == "__main__":
    main()
