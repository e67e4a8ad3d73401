"""Types that the JSON documents of several commands share."""

from typing import Annotated

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict  # pydantic reads that of typing only from Python 3.12 on

from cascade.loading.fields import keys_of
from cascade.model import Expect

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Amount = Annotated[float, Field(ge=0.0)]
Number = Annotated[int, Field(ge=0)]

documented = with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
"""What a class says of its fields is in its schema, and no other field is in its documents."""


class ExpectationDocument(TypedDict):
    """One thing that the scenario must come to, and what it came to."""

    key: Annotated[str, Field(json_schema_extra={"enum": list(keys_of(Expect))})]
    """As in the topology file."""
    expected: str
    found: str
    is_met: bool
    bound: Amount | None
    """Seconds, requests or a factor; null for `stays_up`."""
    value: Amount | None
    """What was found, in the same unit; null where that never happened."""
    part: str | None
    """The part, or the call, that decided it; null when no single one did."""
    time_s: Amount | None
    """When that was; null when at no single moment."""
