"""Texts that requests carry, each with its limit: what is longer is refused before anybody looks at it."""

from typing import Annotated

from pydantic import Field

Text = Annotated[str, Field(max_length=2000)]
"""What a person writes."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
Password = Annotated[str, Field(max_length=1024)]
CELL_KEY = "^[ac][0-9]{1,18}$"
"""Pattern of a cell's key, as the store makes it."""
