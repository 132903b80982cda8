"""What makes one figure of another, so that a browser that holds the first need not be sent all of the second."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

Change = dict[str, Any]
NOTHING: Change = {"in": {}}


class Versions:
    """Figures by the names of their versions, the longest unused forgotten, and the ways between them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._figures: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._ways: OrderedDict[tuple[str, str], Change] = OrderedDict()

    def way(self, base: str, version: str, figure: Mapping[str, Any]) -> Change | None:
        """What makes this figure, of which this is the version, of an earlier one; None if that is not known."""
        with self._lock:
            _put(self._figures, version, figure, self._most)
            before, known = self._figures.get(base), self._ways.get((base, version))
        if before is None or known is not None:
            return known
        found = change(before, figure) or NOTHING
        with self._lock:
            _put(self._ways, (base, version), found, self._most)
        return found


def _put(kept: OrderedDict[Any, Any], name: Any, value: Any, most: int) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)


def change(old: Any, new: Any) -> Change | None:
    """How `new` differs from `old`, both as JSON reads them; None where it does not.

    {"set": value} puts another value in place, {"add": items} goes to the end of a list, {"in": {name: change}} is
    within an object, or within a list of objects, whose names are places.
    """
    if old is new or old == new:
        return None
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old.keys() <= new.keys():
        changes = {name: change(old[name], value) if name in old else {"set": value} for name, value in new.items()}
        return {"in": {name: part for name, part in changes.items() if part is not None}}
    if _is_list(old) and _is_list(new):
        shared = list(zip(old, new, strict=False))
        if len(new) > len(old) and all(before == after for before, after in shared):
            return {"add": new[len(old) :]}
        if len(new) == len(old) and all(isinstance(each, Mapping) for pair in shared for each in pair):
            changes = {str(place): change(*pair) for place, pair in enumerate(shared)}
            return {"in": {place: part for place, part in changes.items() if part is not None}}
    return {"set": new}


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
