"""Types that the JSON documents of several commands share."""

from typing import Annotated

from pydantic import ConfigDict, Field, with_config

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Amount = Annotated[float, Field(ge=0.0)]
Number = Annotated[int, Field(ge=0)]

documented = with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
"""What a class says of its fields is in its schema, and no other field is in its documents."""
