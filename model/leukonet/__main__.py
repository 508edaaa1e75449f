"""`python -m leukonet` is the `leukonet` command."""

from leukonet.cli import main

main()
