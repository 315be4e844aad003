"""Every field of both record types, altered one at a time, and the code that docs/protocol/records.md has for it.

Who alters has one of three powers, and each field meets all that change its answer:

- `touched`: no key. Nothing is signed again.
- `spoken`: the cluster secret. The MAC is made again, the node's signature is not.
- `meant`: the node's own keys too. Both are made again, and what is said is refused for what it is.
"""

from dataclasses import dataclass
from typing import Callable

from altered_values import IMPOSSIBLE, OF_ANOTHER, PLAUSIBLE
from keys import NodeKeys, b64
from record import MAX_AGE_SECONDS, with_mac, with_node_signature

ABSENT = object()
AHEAD_SECONDS = 60
SOMEBODY_ELSE = "somebody-else"


@dataclass(frozen=True)
class Draft:
    """The record that would have been written next: unsigned, with the last one of its type that was."""

    record_type: str
    fields: dict
    last: dict
    keys: NodeKeys
    secret: object

    def signed(self, fields):
        return with_node_signature(self.with_mac(fields), self.keys.identity)

    def with_mac(self, fields):
        return with_mac(fields, self.secret, self.record_type)


@dataclass(frozen=True)
class Alteration:
    """`claims`: for whom the refusal is counted; None is the node itself."""

    name: str
    record_type: str
    field: str
    code: str
    make: Callable[[Draft], dict]
    claims: str = None


def touched(draft, changes):
    return _changed(draft.signed(draft.fields), changes)


def spoken(draft, changes):
    return draft.with_mac(touched(draft, changes))


def meant(draft, changes):
    return draft.signed(_changed(draft.fields, changes))


def _changed(fields, changes):
    return {name: value for name, value in {**fields, **changes}.items() if value is not ABSENT}


def all_alterations():
    rows = (row for kind in PLAUSIBLE for part in (_fields, _signatures, _order, _body) for row in part(kind))
    return {one.name: one for one in rows}


def _row(kind, title, way, code, changes, claims=None):
    """`changes`: field → value, or what makes that from the draft."""
    changes_of = changes if callable(changes) else lambda draft: changes
    name, field = f"{kind}.{title} {way.__name__}", title.partition(",")[0]
    return Alteration(name, kind, field, code, lambda draft: way(draft, changes_of(draft)), claims)


def _fields(kind):
    """The envelope as far as it says what the record is, and of whom."""
    for name, (value, code) in OF_ANOTHER.items():
        for way in (touched, spoken, meant):
            yield _row(kind, name, way, code, {name: value})
    other = {"node_id": SOMEBODY_ELSE}
    yield _row(kind, "node_id", touched, "invalid_signature", other, SOMEBODY_ELSE)
    yield _row(kind, "node_id", spoken, "wrong_slot", other, SOMEBODY_ELSE)
    yield _row(kind, "node_id", meant, "wrong_slot", other, SOMEBODY_ELSE)


def _signatures(kind):
    yield _row(kind, "_signature", touched, "invalid_signature", {"_signature": b64(bytes(32))})
    yield _row(kind, "_signature, absent", touched, "missing_signature", {"_signature": ABSENT})
    yield _row(kind, "_node_signature", touched, "bad_node_signature", {"_node_signature": b64(bytes(64))})
    yield _row(kind, "_node_signature, absent", touched, "bad_node_signature", {"_node_signature": ABSENT})


def _order(kind):
    """Time, incarnation and sequence. What the node itself gets wrong in them is an old copy, or another of it."""
    for name in ("_timestamp", "_incarnation", "_sequence"):
        one_more = _one_more(name)
        yield _row(kind, name, touched, "invalid_signature", one_more)
        yield _row(kind, name, spoken, "bad_node_signature", one_more)
    yield _row(kind, "_timestamp, absent", touched, "missing_timestamp", {"_timestamp": ABSENT})
    for title, code, changes in (
        ("_timestamp, too old", "timestamp_old", _moved(-MAX_AGE_SECONDS[kind] - 2)),
        ("_timestamp, ahead", "timestamp_future", _moved(AHEAD_SECONDS)),
        ("_sequence, lower", "replayed", lambda draft: {"_sequence": draft.last["_sequence"] - 1}),
        ("_sequence, again", "clone", _under_the_last_sequence),
        ("_incarnation, lower", "replayed", _in_an_earlier_run(0)),
        ("_incarnation, lower and later", "clone", _in_an_earlier_run(1)),
    ):
        yield _row(kind, title, meant, code, changes)


def _one_more(name):
    return lambda draft: {name: draft.fields[name] + 1}


def _moved(seconds):
    return lambda draft: {"_timestamp": draft.fields["_timestamp"] + seconds}


def _under_the_last_sequence(draft):
    """Of another second: the same bytes would be the same record, and old news."""
    return {"_sequence": draft.last["_sequence"], "_timestamp": draft.last["_timestamp"] + 1}


def _in_an_earlier_run(seconds):
    """By a run before the present one, so many seconds after the last record of that."""
    return lambda draft: {
        "_incarnation": draft.last["_incarnation"] - 1,
        "_timestamp": draft.last["_timestamp"] + seconds,
    }


def _body(kind):
    for name, value in PLAUSIBLE[kind].items():
        yield _row(kind, name, touched, "invalid_signature", {name: value})
        yield _row(kind, name, spoken, "bad_node_signature", {name: value})
    for name, value in IMPOSSIBLE[kind].items():
        yield _row(kind, name, meant, "malformed", {name: value})
    if kind == "node":
        name, field = "node.identity_key meant", "identity_key"
        yield Alteration(name, kind, field, "bad_node_signature", _under_another_key)


def _under_another_key(draft):
    """Right in everything but one: it is not the key that the cluster knows this node by."""
    other = NodeKeys()
    stranger = Draft(draft.record_type, draft.fields, draft.last, other, draft.secret)
    return meant(stranger, {"identity_key": other.identity_text})
