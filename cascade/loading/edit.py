"""A topology file is changed in place: what nobody asked to change stays as it is, to the byte.

The text is never written anew. Each change becomes a replacement of a few characters, and the result is
read again and compared with what was asked for, so that a wrong file never comes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from yaml import YAMLError

from cascade.errors import CascadeError, TopologyError
from cascade.loading.changes import NO_NOTES, REMOVED, changed, kept, same
from cascade.loading.layout import WIDTH, block, entry_lines, flow, flow_key, line_text
from cascade.loading.nodes import not_yaml, parse
from cascade.loading.remarks import Remark, joined
from cascade.loading.source import is_json_name, problem
from cascade.loading.spots import Spots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cascade.loading.changes import Change, Notes
    from cascade.loading.spots import Entry, Spot

__all__ = ["REMOVED", "edited"]

INLINE, REMARK, LINES, DELETION = range(4)
"""What comes first where several replacements begin at one offset."""
GAP: Final = "  "
"""Before a comment."""


def edited(text: str, changes: Iterable[Change], *, file: str = "<text>") -> str:
    r"""Give the text of a topology with some values added, replaced or taken out (`REMOVED`).

    A change is a path, a value and perhaps a comment. Mappings on the way are made, and bare names and rates
    become mappings, where something is put into them; a call may be named by its callee instead of its
    position. Positions in lists are those of the text as it is given. Whole-line comments stay, also those of
    what is taken out.

    Raises
    ------
    TopologyError
        When the text is no sound YAML, or a change would reach further than asked: below an alias, below an
        anchor that is referred to, into comments within brackets. Nothing is changed then.

    Examples
    --------
    >>> edited(
    ...     "services:\n  web: {calls: [db]}  # front\n  db:\n",
    ...     [(("services", "web", "calls", "db", "timeout"), "2s")],
    ... )
    'services:\n  web: {calls: [{to: db, timeout: 2s}]}  # front\n  db:\n'
    """
    root, problems = parse(text, file)
    if problems:
        raise TopologyError(tuple(problems))
    if is_json_name(file):
        raise problem(file, "JSON cannot be changed in place; 'cascade show FILE --format yaml' makes YAML of it")
    try:
        wanted = changed(root.plain, changes)
        result = Editor(Spots(text)).edit(root.plain, wanted.root, wanted.notes)
    except CascadeError as error:
        raise problem(file, f"cannot be changed in place: {error}") from None
    except YAMLError as error:  # JSON that is no YAML
        raise not_yaml(error, file) from None
    if not is_right(result, kept(wanted.root), file):
        raise problem(file, "cannot be changed in place: something else would change too; nothing was changed")
    return result


def is_right(text: str, wanted: Any, file: str) -> bool:
    """Tell whether a text says what it should."""
    try:
        root, problems = parse(text, file)
    except TopologyError:
        return False
    return not problems and same(root.plain, wanted)


class Editor:
    """Turns the difference of two values into replacements of characters."""

    def __init__(self, spots: Spots) -> None:
        self.spots = spots
        self.text = spots.text
        self.splices: list[tuple[int, int, int, int, str]] = []
        """Offset, kind, order of making, end of what is replaced, text."""
        self.remarks: dict[int, Remark] = {}
        """By end of line."""
        self.cleared = 0
        """Lines at the top that are taken out."""

    def edit(self, old: Any, new: Any, notes: Notes) -> str:
        """Give the text that says the new value."""
        self.change(self.spots.root, old, new, notes)
        for end, remark in self.remarks.items():
            self.write_remark(end, remark)
        pieces, place = [], 0
        for start, _, _, end, text in sorted(self.splices):
            if start < place:
                raise CascadeError("two changes meet")
            pieces += [self.text[place:start], text]
            place = end
        return "".join([*pieces, self.text[place:]])

    def splice(self, kind: int, start: int, end: int, text: str) -> None:
        """Replace what is from one offset to another."""
        self.splices.append((start, kind, len(self.splices), end, text))

    def change(self, spot: Spot, old: Any, new: Any, notes: Notes, inherited: str = "") -> None:
        """Turn one value into another; what is inherited is a comment on all that is around it."""
        if old is new and notes is NO_NOTES:
            return
        if spot.kind == "alias" or spot.anchor in self.spots.aliased:
            line = self.spots.line_of(spot.outer) + 1
            raise CascadeError(f"what is in line {line} is an alias or has one; write it out first")
        said = notes.text or inherited
        wanted = dict(enumerate(new)) if isinstance(new, list) else new
        if type(old) is type(new) and isinstance(old, (dict, list)) and keeps_any(spot, wanted):
            self.change_entries(spot, dict(enumerate(old)) if isinstance(old, list) else old, wanted, notes, said)
        elif same(old, kept(new)):
            self.remark_at(spot.end).added.append(("", joined([notes.text])))
        else:
            self.replace(spot, kept(new), [said, *notes.all()], keeps_old=isinstance(new, dict))

    def change_entries(self, spot: Spot, old: Mapping[Any, Any], new: Any, notes: Notes, said: str) -> None:
        """Change, add and take out entries of a mapping or list, of which at least one stays."""
        stay = [entry for entry in spot.entries if stays(entry, new)]
        for entry in stay:
            self.change(entry.value, old[entry.step], new[entry.step], notes.at(entry.step), said)
        if len(stay) < len(spot.entries):
            (self.take_from_flow if spot.is_flow else self.take_from_block)(spot, new)
        added = {step: value for step, value in new.items() if step not in old and value is not REMOVED}
        for step, value in added.items():
            self.remark_at(spot.slot if spot.slot >= 0 else spot.start).know(step)
            comments = [notes.at(step).text or said, *notes.at(step).all()]
            add = self.add_to_flow if spot.is_flow else self.add_to_block
            add(spot, stay[-1].value, step, kept(value), comments)

    def add_to_flow(self, spot: Spot, last: Spot, step: str | int, value: Any, comments: list[str]) -> None:
        """Write a new entry behind the last one that stays, within brackets."""
        if self.text[spot.start] not in "{[":
            raise CascadeError(f"the mapping in line {self.spots.line_of(spot.start) + 1} lacks its brackets")
        head = "" if isinstance(step, int) else f"{flow_key(step)}: "
        gap = " " if last.is_nothing and not last.lacks_colon else ""
        self.splice(INLINE, last.end, last.end, f"{gap}, {head}{flow(value)}")
        self.remark_at(last.end).added.append((str(step), joined(comments)))

    def add_to_block(self, spot: Spot, last: Spot, step: str | int, value: Any, comments: list[str]) -> None:
        """Write a new entry on lines of its own behind the last one that stays."""
        indent = " " * self.spots.column_of(spot.start)
        first, *others = entry_lines(step, value, indent)
        self.add_lines(self.spots.end_of_line(last.end), [first + comment_of(comments), *others])

    def add_lines(self, end: int, lines: list[str]) -> None:
        """Write lines behind the end of a line."""
        self.splice(LINES, end, end, "".join(self.spots.newline + line for line in lines))

    def replace(self, spot: Spot, value: Any, comments: list[str], *, keeps_old: bool) -> None:
        """Write a value in the place of another, which is perhaps part of the new one."""
        start, end, text = spot.start, spot.end, (line_text if spot.column >= 0 else flow)(value)
        if spot.entries and not spot.is_flow:
            self.replace_block(spot, text, comments)
            return
        if spot.is_flow and self.spots.has_comment(start, end):
            raise CascadeError(f"there are comments within the brackets in line {self.spots.line_of(start) + 1}")
        is_hollow = spot.is_nothing or (spot.is_flow and not spot.entries)
        is_long = isinstance(value, (dict, list)) and spot.column + len(text) > WIDTH
        if is_hollow and is_long and spot.column >= 0:
            self.splice(INLINE, self.spots.back(start), end, "")
            self.add_lines(self.spots.end_of_line(end), block(value, " " * (spot.column + 2)))
        elif spot.is_nothing:
            self.splice(INLINE, end, end, f"{':' if spot.lacks_colon else ''} {text}")
        elif spot.is_block_text:
            head = self.text[start : self.spots.line_ends[self.spots.line_of(start)]].partition("#")
            self.splice(INLINE, start, end, f"{text}{GAP}#{head[2]}" if head[1] else text)
        else:
            self.splice(INLINE, start, end, text)
        remark = self.remark_at(end)
        if keeps_old or is_hollow:
            remark.added.append(("", joined(comments)))
            remark.known.update(value if isinstance(value, dict) else ())
        else:
            remark.replaced.append(joined(comments))
            remark.replacements += 1

    def replace_block(self, spot: Spot, text: str, comments: list[str]) -> None:
        """Write a value on one line in the place of lines; whole-line comments among them stay."""
        first, last = self.spots.line_of(spot.start), self.spots.line_of(spot.end)
        if spot.slot >= 0 and self.spots.line_of(spot.slot) < first:
            self.splice(INLINE, spot.slot, spot.slot, f" {text}")
            self.remark_at(spot.slot).added.append(("", joined(comments)))
        else:
            self.splice(INLINE, spot.start, self.spots.line_ends[first], text + comment_of(comments))
            first += 1
        self.delete_lines(first, last)

    def take_from_flow(self, spot: Spot, new: Any) -> None:
        """Take entries out that stand within brackets."""
        last = -1
        for place, entry in enumerate(spot.entries):
            if stays(entry, new):
                if last < place - 1:
                    self.delete(spot.entries[last + 1].begin, entry.begin)
                last = place
        if last < len(spot.entries) - 1:
            self.delete(spot.entries[last].value.end, spot.entries[-1].value.end)

    def delete(self, start: int, end: int) -> None:
        """Take a region out that holds no comment."""
        if self.spots.has_comment(start, end):
            raise CascadeError(f"there is a comment beside what is taken out of line {self.spots.line_of(start) + 1}")
        self.splice(DELETION, start, end, "")

    def take_from_block(self, spot: Spot, new: Any) -> None:
        """Take entries out that have lines of their own; whole-line comments among them stay."""
        entries = spot.entries
        first = next(place for place, entry in enumerate(entries) if stays(entry, new))
        if first and self.text[self.spots.line_starts[self.spots.line_of(spot.start)] : spot.start].strip():
            self.delete(spot.start, entries[first].begin)  # the first one stands behind a dash
            entries = entries[first:]
        for entry in entries:
            if not stays(entry, new):
                self.delete_lines(self.spots.line_of(entry.begin), self.spots.line_of(entry.value.end))

    def delete_lines(self, first: int, last: int) -> None:
        """Take lines out that are no comments, each with the line break before it; at the top, with that behind it."""
        starts, ends = [*self.spots.line_starts, len(self.text)], self.spots.line_ends
        for line in range(first, last + 1):
            if self.spots.is_comment(line):
                continue
            if line == self.cleared:
                self.cleared += 1
                self.splice(DELETION, starts[line], starts[line + 1], "")
            else:
                self.splice(DELETION, ends[line - 1], ends[line], "")

    def remark_at(self, offset: int) -> Remark:
        """Give what is new on the line of an offset."""
        return self.remarks.setdefault(self.spots.end_of_line(offset), Remark())

    def write_remark(self, end: int, remark: Remark) -> None:
        """Put a comment to the end of a line, together with the one that is there."""
        start = self.spots.comment_before(end)
        line = self.text[self.spots.line_starts[self.spots.line_of(end)] : start]
        there = self.text[start:end].lstrip("#").strip()
        comment = remark.text(line, there)
        if comment == there:
            return
        if not comment:
            self.splice(REMARK, start - len(line) + len(line.rstrip()), end, "")
        else:
            self.splice(REMARK, start, end, f"{'' if line[-1:].isspace() else GAP}# {comment}")


def stays(entry: Entry, new: Any) -> bool:
    """Tell whether an entry is in the new value too."""
    return new.get(entry.step, REMOVED) is not REMOVED


def keeps_any(spot: Spot, new: Any) -> bool:
    """Tell whether anything of a mapping or list stays."""
    return any(stays(entry, new) for entry in spot.entries)


def comment_of(comments: Iterable[str]) -> str:
    """Give the end of a line that is new."""
    text = joined(comments)
    return f"{GAP}# {text}" if text else ""
