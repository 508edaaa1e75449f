"""`python -m leukowatch` is the `leukowatch` command."""

from leukowatch.cli import main

main()
