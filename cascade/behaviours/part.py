"""The common ground of everything that a topology file can hold."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from cascade.units import SUFFIXES


def yaml_key(field: str) -> str:
    """Give the YAML key of a field: its name without the unit.

    Examples
    --------
    >>> yaml_key("service_time_s")
    'service_time'
    """
    return next((field.removesuffix(s) for s in SUFFIXES if field.endswith(s)), field)


class Part(BaseModel):
    """An immutable piece of a topology; unknown keys are refused."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=yaml_key,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    def changed(self, **fields: Any) -> Any:
        """Give a validated copy with some fields changed."""
        own = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).model_validate(own | fields)
