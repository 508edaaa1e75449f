"""`python -m leukowatch`, and what the installed `leukowatch` runs; the commands are imported only when one is run.

Each worker that is spawned imports the program that spawned it.
"""

import gc


def main() -> None:
    """Run the command.

    What modules make stays: to look through it for garbage, again and again while they load, is a tenth of a start.
    """
    gc.disable()
    from leukowatch.cli import main as run  # noqa: PLC0415  see above

    gc.freeze()
    gc.enable()

    run()


if __name__ == "__main__":
    main()
