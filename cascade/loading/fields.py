"""What the classes of the model expect under a path of keys and positions."""

from __future__ import annotations

import types
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from cascade.behaviours.part import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo


@cache
def keys_of(part: type[Part]) -> Mapping[str, FieldInfo]:
    """Give the fields of a class by their YAML keys."""
    return {field.alias or name: field for name, field in part.model_fields.items()}


def choices(annotation: Any) -> list[Any]:
    """Give the types that an annotation allows, without their bounds."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return choices(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return [choice for argument in get_args(annotation) for choice in choices(argument)]
    return [annotation]


def part_of(annotation: Any) -> type[Part] | None:
    """Give the class of the model that an annotation allows, if it allows one."""
    return next(
        (choice for choice in choices(annotation) if isinstance(choice, type) and issubclass(choice, Part)), None
    )


def below(annotation: Any, step: str | int) -> Any:
    """Give the annotation of what stands under a key or position; None where nothing is expected."""
    part = part_of(annotation)
    if part:
        field = keys_of(part).get(str(step))
        return field.annotation if field else None
    for choice in choices(annotation):
        if get_origin(choice) in (dict, tuple, list):
            arguments = [argument for argument in get_args(choice) if argument is not Ellipsis]
            return arguments[-1]
    return None


def annotation_at(root: type[Part], path: Iterable[str | int]) -> Any:
    """Follow a path from a class of the model."""
    annotation: Any = root
    for step in path:
        annotation = below(annotation, step)
    return annotation


def is_number(annotation: Any) -> bool:
    """Tell whether a number, with or without a unit, is expected."""
    return any(choice in (int, float) for choice in choices(annotation))


def is_choice(annotation: Any) -> bool:
    """Tell whether several types other than nothing are allowed, and tried one by one."""
    return len([choice for choice in choices(annotation) if choice is not type(None)]) > 1
