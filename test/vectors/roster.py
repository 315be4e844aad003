"""The roster of docs/protocol/roster.md in another language, written from that document alone.

`python3 roster.py check` folds the chain of roster.json and judges every case; `make` prints the file anew. Needs the
package cryptography.
"""

import copy
import hashlib
import hmac
import json
import re
import sys

sys.dont_write_bytecode = True

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from envelopes import open_envelope, seal
from hpke import public
from records import SAFE, b64, canonical, hkdf, in_subset, is_count, key_id, unb64
from tickets import is_bytes32, is_hex, ticket_key
from vectors import CLUSTER_ID, Person, run, seed

PREFIX = b"atlas-fleet/roster-step/2.0\n"
PROOF_PREFIX = b"atlas-fleet/roster-proof/2.0\n"
MAX_BYTES = 262144
TIME_MAX = 253402300799
OPEN_TICKETS_MAX = 64
TICKETS_KNOWN_MAX = 256
TRIAL = X25519PrivateKey.generate()


# Reading


def is_node_id(value):
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", value) is not None


def is_key_id(value):
    return is_hex(value, 16)


def is_time(value):
    return is_count(value) and value <= TIME_MAX


def is_base64(value):
    return isinstance(value, str) and unb64(value) is not None


def is_object(value, fields, optional=()):
    """`fields`: name → check; none more, and none less but the optional ones."""
    if not isinstance(value, dict) or not set(value) <= set(fields) or not set(fields) - set(optional) <= set(value):
        return False
    return all(fields[name](value[name]) for name in value)


def is_sealing_key(value):
    if not is_bytes32(value):
        return False
    try:
        TRIAL.exchange(X25519PublicKey.from_public_bytes(unb64(value)))
        return True
    except ValueError:
        return False  # all zero: a point of low order


def is_member(value):
    return is_object(value, {"node_id": is_node_id, "identity_key": is_bytes32, "sealing_key": is_sealing_key})


def is_envelope(value):
    return is_object(value, {"enc": is_bytes32, "ciphertext": is_base64})


def is_sealed(value):
    return isinstance(value, dict) and all(is_node_id(name) and is_envelope(value[name]) for name in value)


def is_note(value):
    return isinstance(value, str) and 1 <= len(value.encode("utf-16-le")) // 2 <= 512


is_admission = lambda value: value in ("secret", "ticket")
is_level = lambda value: is_count(value) and value in (2, 3)
is_flag = lambda value: isinstance(value, bool)

OPERATIONS = {
    "found": {"member": is_member, "admission": is_admission, "level": is_level, "key_id": is_key_id, "proof": is_bytes32},
    "admit": {"member": is_member, "ticket": is_key_id, "secret": is_envelope},
    "leave": {},
    "remove": {"node_id": is_node_id},
    "evict": {"node_id": is_node_id},
    "readmit": {"node_id": is_node_id},
    "ticket": {"id": is_key_id, "key": is_bytes32, "expires": is_time},
    "revoke_ticket": {"id": is_key_id},
    "admission": {"admission": is_admission},
    "level": {"level": is_level},
    "prepare_secret": {"key_id": is_key_id, "compromise": is_flag, "sealed": is_sealed},
    "activate_secret": {"key_id": is_key_id, "proof": is_bytes32},
    "retire_secret": {"key_id": is_key_id},
    "abandon_secret": {"key_id": is_key_id},
    "note": {"text": is_note},
}
OPTIONAL = {"admit": ("ticket", "secret")}


def is_operation(value):
    op = value.get("op") if isinstance(value, dict) else None
    if not isinstance(op, str) or op not in OPERATIONS:
        return False
    return is_object(value, {"op": lambda _: True, **OPERATIONS[op]}, OPTIONAL.get(op, ()))


STEP = {
    "_security_version": lambda value: value == "2.0",
    "_type": lambda value: value == "roster_step",
    "_cluster": lambda value: is_hex(value, 32),
    "epoch": is_count,
    "parent": lambda value: value is None or is_hex(value, 64),
    "signer": is_node_id,
    "time": is_time,
    "operations": lambda value: isinstance(value, list) and 1 <= len(value) <= 512 and all(map(is_operation, value)),
    "_node_signature": lambda value: isinstance(value, str),
}


def read_step(text):
    """Its fields, or None for what is no step."""
    if len(text.encode()) > MAX_BYTES:
        return None
    try:
        step = json.loads(text)
    except ValueError:
        return None
    if not isinstance(step, dict) or not in_subset(step) or canonical(step) != text or not is_object(step, STEP):
        return None
    return step if (step["epoch"] == 0) == (step["parent"] is None) else None


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


# Folding


class Refused(Exception):
    pass


def require(condition, fault="not_allowed"):
    if not condition:
        raise Refused(fault)


def signed_bytes(step):
    return PREFIX + canonical({name: step[name] for name in step if name != "_node_signature"}).encode()


def require_signature(step, member):
    require(step["signer"] == member["node_id"], "bad_node_signature")
    try:
        key = Ed25519PublicKey.from_public_bytes(unb64(member["identity_key"]))
        key.verify(unb64(step["_node_signature"]) or b"", signed_bytes(step))
    except (InvalidSignature, ValueError):
        raise Refused("bad_node_signature") from None


def follow(roster, text):
    """The roster after this step. `roster`: None before the first. Raises Refused with the fault."""
    step = read_step(text)
    require(step is not None, "unreadable")
    return found(step, text) if roster is None else advance(roster, step, text)


def found(step, text):
    first = step["operations"][0]
    require(step["epoch"] == 0 and first["op"] == "found" and len(step["operations"]) == 1, "wrong_parent")
    require_signature(step, first["member"])
    return {
        "cluster": step["_cluster"],
        "epoch": 0,
        "digest": digest(text),
        "level": first["level"],
        "admission": first["admission"],
        "members": {first["member"]["node_id"]: first["member"]},
        "banned": [],
        "evicted": [],
        "tickets": {},
        "key_id": first["key_id"],
        "sealed": {},
        "retired": [],
        "pending": None,
    }


def advance(roster, step, text):
    require(step["_cluster"] == roster["cluster"], "wrong_cluster")
    require(step["epoch"] == roster["epoch"] + 1 and step["parent"] == roster["digest"], "wrong_parent")
    require(step["signer"] in roster["members"], "not_member")
    require_signature(step, roster["members"][step["signer"]])
    draft = copy.deepcopy(roster)
    for operation in step["operations"]:
        require(operation["op"] in RULES)
        RULES[operation["op"]](draft, operation, step)
    require_whole(roster, draft, step)
    return {**draft, "epoch": step["epoch"], "digest": digest(text)}


def admit(draft, operation, step):
    member, sealed = operation["member"], operation.get("secret")
    name, pending = member["node_id"], draft["pending"]
    require(name not in draft["evicted"])
    if "ticket" in operation:
        ticket = open_ticket(draft, operation["ticket"])
        require(ticket["expires"] >= step["time"])
        ticket.update(state="used", used_by=member)
    else:
        require(draft["admission"] == "secret")
    require(name not in draft["members"] and len(draft["members"]) < 256)
    require(member["identity_key"] not in draft["banned"])
    require(all(other["identity_key"] != member["identity_key"] for other in draft["members"].values()))
    require((pending is None) == (sealed is None))
    draft["members"][name] = member
    if pending:
        pending["sealed"][name] = {**sealed, "epoch": step["epoch"]}


def open_ticket(draft, identifier):
    require(identifier in draft["tickets"] and draft["tickets"][identifier]["state"] == "open")
    return draft["tickets"][identifier]


def take_out(draft, name):
    require(name in draft["members"])
    return draft["members"].pop(name)


def leave(draft, _, step):
    take_out(draft, step["signer"])


def remove(draft, operation, step):
    require(operation["node_id"] != step["signer"])
    take_out(draft, operation["node_id"])


def evict(draft, operation, step):
    require(operation["node_id"] != step["signer"])
    draft["banned"].append(take_out(draft, operation["node_id"])["identity_key"])
    draft["evicted"].append(operation["node_id"])
    if draft["pending"]:
        draft["retired"].append(draft["pending"]["key_id"])
        draft["pending"] = None


def readmit(draft, operation, _):
    require(operation["node_id"] in draft["evicted"])
    draft["evicted"].remove(operation["node_id"])


def ticket(draft, operation, step):
    tickets = draft["tickets"]
    require(operation["id"] not in tickets)
    closed = [name for name, each in tickets.items() if each["state"] != "open" or each["expires"] < step["time"]]
    require(len(tickets) - len(closed) < OPEN_TICKETS_MAX)
    if len(tickets) >= TICKETS_KNOWN_MAX:
        del tickets[closed[0]]
    fields = {"key": operation["key"], "expires": operation["expires"], "state": "open", "used_by": None}
    tickets[operation["id"]] = fields


def revoke_ticket(draft, operation, _):
    open_ticket(draft, operation["id"])["state"] = "revoked"


def prepare_secret(draft, operation, step):
    require(draft["pending"] is None)
    require(operation["key_id"] != draft["key_id"] and operation["key_id"] not in draft["retired"])
    require(set(operation["sealed"]) <= set(draft["members"]))
    sealed = {name: {**each, "epoch": step["epoch"]} for name, each in operation["sealed"].items()}
    draft["pending"] = {"key_id": operation["key_id"], "phase": "prepared", "sealed": sealed}
    for each in draft["tickets"].values():
        if operation["compromise"] and each["state"] == "open":
            each["state"] = "revoked"


def enter(phases, phase):
    def rule(draft, operation, _):
        pending = draft["pending"]
        require(pending and pending["key_id"] == operation["key_id"] and pending["phase"] in phases)
        pending["phase"] = phase

    return rule


def retire_secret(draft, operation, _):
    pending = draft["pending"]
    require(pending)
    goes = {"prepared": None, "active": draft["key_id"], "abandoned": pending["key_id"]}[pending["phase"]]
    require(operation["key_id"] == goes)
    draft["retired"].append(goes)
    if pending["phase"] == "active":
        draft["key_id"], draft["sealed"] = pending["key_id"], pending["sealed"]
    draft["pending"] = None


RULES = {
    "admit": admit,
    "leave": leave,
    "remove": remove,
    "evict": evict,
    "readmit": readmit,
    "ticket": ticket,
    "revoke_ticket": revoke_ticket,
    "admission": lambda draft, operation, _: draft.update(admission=operation["admission"]),
    "level": lambda draft, operation, _: draft.update(level=operation["level"]),
    "prepare_secret": prepare_secret,
    "activate_secret": enter(("prepared",), "active"),
    "abandon_secret": enter(("prepared", "active"), "abandoned"),
    "retire_secret": retire_secret,
    "note": lambda *_: None,
}


def require_whole(before, draft, step):
    members, pending = set(draft["members"]), draft["pending"]
    require(members)
    operations = step["operations"]
    compromise = any(each["op"] == "prepare_secret" and each["compromise"] for each in operations)
    changed = draft["key_id"] != before["key_id"] and pending is None
    require(not compromise or (changed and draft["admission"] == "ticket"))
    opened = before["admission"] == "secret" or before["pending"] is not None
    require(not opened or compromise or all(each["op"] != "evict" for each in operations))
    require(not changed or members <= set(draft["sealed"]))
    require(pending is None or members <= set(pending["sealed"]))


# Proofs


def proof(secret, about, cluster=CLUSTER_ID):
    key = hkdf(secret, bytes.fromhex(cluster), b"atlas-fleet/2.0/roster", 32)
    return b64(hmac.new(key, PROOF_PREFIX + about.encode(), hashlib.sha256).digest())


def proofs(step):
    """The key id, what it is about, and the proof, of each secret that the step proves."""
    for each in step["operations"]:
        if each["op"] == "found":
            yield each["key_id"], each["member"]["identity_key"], each["proof"]
        if each["op"] == "activate_secret":
            yield each["key_id"], step["parent"], each["proof"]


def shown(roster):
    """What the file shows of a roster: names in order, and of each sealed secret the step that it came in."""
    epochs = lambda sealed: {name: sealed[name]["epoch"] for name in sorted(sealed)}
    pending = roster["pending"]
    states = lambda each: {"state": each["state"], "used_by": each["used_by"] and each["used_by"]["node_id"]}
    return {
        "epoch": roster["epoch"],
        "digest": roster["digest"],
        "level": roster["level"],
        "admission": roster["admission"],
        "members": {name: roster["members"][name]["identity_key"] for name in sorted(roster["members"])},
        "banned": sorted(roster["banned"]),
        "evicted": sorted(roster["evicted"]),
        "tickets": {name: states(roster["tickets"][name]) for name in sorted(roster["tickets"])},
        "key_id": roster["key_id"],
        "sealed": epochs(roster["sealed"]),
        "retired": sorted(roster["retired"]),
        "pending": pending and {**pending, "sealed": epochs(pending["sealed"])},
    }


# The file

NOW = 1795262400
ONE, TWO, THREE, FOUR, FIVE = (Person(f"server-0{number}") for number in range(1, 6))
NEW_THREE = Person("server-03", " installed anew")
STRANGER = Person("server-99")
SECRETS = {name: seed(f"cluster secret {name}") for name in ("first", "second", "third", "fourth")}
FIRST, SECOND, THIRD, FOURTH = (key_id(secret) for secret in SECRETS.values())
TICKETS = {number: f"{number}000000000000000"[:16] for number in range(1, 8)}


def sign(fields, person, prefix=PREFIX):
    unsigned = {"_security_version": "2.0", "_type": "roster_step", "_cluster": CLUSTER_ID, **fields}
    return canonical({**unsigned, "_node_signature": b64(person.identity.sign(prefix + canonical(unsigned).encode()))})


def fields_on(roster, person, operations, **changes):
    place = {"epoch": roster["epoch"] + 1, "parent": roster["digest"], "signer": person.node_id}
    return {**place, "time": NOW + 60 * place["epoch"], "operations": operations, **changes}


LOW_ORDER = {
    "zero": "00" * 32,
    "one": "01" + "00" * 31,
    "order eight": "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "the prime, with the highest bit": "ed" + "ff" * 31,
}


def founding(person=ONE, **changes):
    first = {"op": "found", "member": person.member, "admission": "secret", "level": 2, "key_id": FIRST}
    first["proof"] = proof(SECRETS["first"], person.member["identity_key"])
    return {"epoch": 0, "parent": None, "signer": person.node_id, "time": NOW, "operations": [{**first, **changes}]}


def op(name, **fields):
    return {"op": name, **fields}


def admitting(person, number=None, **more):
    return op("admit", member=person.member, **({"ticket": TICKETS[number]} if number else {}), **more)


def inviting(number, expires=NOW + 86400):
    key = b64(public(ticket_key(seed(f"ticket {number}"))))
    return op("ticket", id=TICKETS[number], key=key, expires=expires)


def sealed_for(people, name, epoch):
    return {each.node_id: seal(each, SECRETS[name], "cluster_secret", epoch) for each in people}


def preparing(name, people, epoch, compromise=False):
    sealed = sealed_for(people, name, epoch)
    return op("prepare_secret", key_id=key_id(SECRETS[name]), compromise=compromise, sealed=sealed)


def activating(name, parent):
    return op("activate_secret", key_id=key_id(SECRETS[name]), proof=proof(SECRETS[name], parent))


def evicting(victim, people, epoch, parent):
    return [
        op("admission", admission="ticket"),
        op("evict", node_id=victim.node_id),
        preparing("fourth", people, epoch, compromise=True),
        activating("fourth", parent),
        op("retire_secret", key_id=SECOND),
    ]


def chain():
    """Title, signer and, from the roster before it, the operations of each step after the first."""
    yield "two are admitted at once", ONE, lambda _: [admitting(TWO), admitting(THREE)]
    yield "a level and a note", TWO, lambda _: [op("level", level=3), op("note", text="Zoë: TLS everywhere")]
    yield "the door is closed", THREE, lambda _: [op("admission", admission="ticket"), inviting(1), inviting(2)]
    yield "a ticket is used", ONE, lambda _: [admitting(FOUR, 1), op("revoke_ticket", id=TICKETS[2])]
    yield "a secret is prepared", TWO, lambda r: [preparing("second", [ONE, TWO, THREE, FOUR], r["epoch"] + 1)]
    yield "a ticket while one is pending", ONE, lambda _: [inviting(3)]
    yield (
        "who comes meanwhile is given the pending secret",
        FOUR,
        lambda r: [admitting(FIVE, 3, secret=seal(FIVE, SECRETS["second"], "cluster_secret", r["epoch"] + 1))],
    )
    yield "it is activated, by another", THREE, lambda r: [activating("second", r["digest"])]
    yield "the first is retired", ONE, lambda _: [op("retire_secret", key_id=FIRST)]
    yield "one leaves", FIVE, lambda _: [op("leave")]
    yield "another secret is prepared", ONE, lambda r: [preparing("third", [ONE, TWO, THREE, FOUR], r["epoch"] + 1)]
    yield "and activated", FOUR, lambda r: [activating("third", r["digest"])]
    yield "and abandoned", TWO, lambda _: [op("abandon_secret", key_id=THIRD)]
    yield "and retired", TWO, lambda _: [op("retire_secret", key_id=THIRD)]
    yield "the door is open, with a ticket that runs out", TWO, lambda _: [op("admission", admission="secret"), inviting(4, NOW), inviting(6)]
    yield (
        "one is evicted after a compromise",
        ONE,
        lambda r: evicting(THREE, [ONE, TWO, FOUR], r["epoch"] + 1, r["digest"]),
    )
    yield "one is removed, and a name comes free", TWO, lambda _: [op("remove", node_id="server-04"), op("readmit", node_id="server-03"), inviting(7)]
    yield "the name comes back with other keys", TWO, lambda _: [inviting(5), admitting(NEW_THREE, 5)]
    yield "so many tickets that all the first are forgotten but the open one", ONE, lambda _: many_tickets()


def numbered(number):
    return op("ticket", id=f"{number:016x}", key=b64(bytes(32)), expires=NOW + 86400)


def many_tickets():
    """With the one that is open as many as may be; then, once these are revoked, more than are remembered."""
    revoking = lambda number: op("revoke_ticket", id=f"{number:016x}")
    full = [*map(numbered, range(63)), *map(revoking, range(63))]
    return [*full, *(do(number) for number in range(63, 255) for do in (numbered, revoking))]


def steps():
    """Each step's title and text, with the roster after it."""
    text = sign(founding(), ONE)
    roster = follow(None, text)
    yield "the first", text, roster
    for title, signer, operations in chain():
        text = sign(fields_on(roster, signer, operations(roster)), signer)
        roster = follow(roster, text)
        yield title, text, roster


def make():
    made = list(steps())
    rosters = [roster for _, _, roster in made]
    return {
        "comment": "docs/protocol/roster.md. Made by roster.py, which shares no code with the server. Seeds and private keys are hex, secrets base64. A step is its text in UTF-8, `roster` what the fold has after it. A refused step is judged on the roster after the step `after`, null before the first; its fault is unreadable where it is no step at all.",
        "cluster": CLUSTER_ID,
        "people": [each.shown() for each in (ONE, TWO, THREE, FOUR, FIVE, NEW_THREE)],
        "secrets": {key_id(secret): b64(secret) for secret in SECRETS.values()},
        "steps": [{"title": title, "text": text, "roster": shown(roster)} for title, text, roster in made],
        "refused": [*refused_first(), *unreadable(rosters), *refused(rosters)],
    }


def refused_first():
    case = lambda title, text, fault: {"title": title, "after": None, "text": text, "fault": fault}
    note = {**founding(), "operations": [op("note", text="x")]}
    yield case("a first step that founds nothing", sign(note, ONE), "wrong_parent")
    more = {**founding(), "operations": [*founding()["operations"], op("note", text="x")]}
    yield case("a first step that does more", sign(more, ONE), "wrong_parent")
    yield case("a first step signed by another key", sign(founding(), TWO), "bad_node_signature")
    yield case("a first step in another's name", sign({**founding(), "signer": "server-02"}, ONE), "bad_node_signature")
    yield case("a first step of level 1", sign(founding(level=1), ONE), "unreadable")
    low = {**ONE.member, "sealing_key": b64(bytes(32))}
    yield case("a first step by whom nothing can be sealed to", sign(founding(member=low), ONE), "unreadable")
    yield case("a first step with a parent", sign({**founding(), "parent": "00" * 32}, ONE), "unreadable")


def unreadable(rosters):
    good = fields_on(rosters[2], ONE, [op("note", text="x")])
    text = sign(good, ONE)
    case = lambda title, text: {"title": title, "after": 2, "text": text, "fault": "unreadable"}
    made = lambda title, **changes: case(title, sign({**good, **changes}, ONE))
    doing = lambda title, *operations: made(title, operations=list(operations))
    yield case("no bytes", "")
    yield case("a space behind it", text + " ")
    yield case("a name twice", text.replace('"epoch":3', '"epoch":3,"epoch":3'))
    yield made("another version", _security_version="1.0")
    yield made("another type", _type="node")
    yield made("a field more", zone="b")
    yield case("without a signature", canonical({name: value for name, value in json.loads(text).items() if name != "_node_signature"}))
    yield made("without a parent", parent=None)
    yield made("a signer that is no name", signer="../server-01")
    yield made("after the year 9999", time=TIME_MAX + 1)
    yield made("an epoch that is no safe integer", epoch=SAFE + 1)
    yield made("no operations", operations=[])
    yield doing("513 operations", *[op("note", text="x")] * 513)
    yield doing("an operation that nobody knows", op("promote", node_id="server-02"))
    yield doing("an operation with a field more", op("leave", node_id="server-01"))
    yield doing("an operation with a field less", op("remove"))
    yield doing("a note of 513 characters", op("note", text="x" * 513))
    yield doing("an identity key of 31 bytes", op("admit", member={**FOUR.member, "identity_key": b64(bytes(31))}))
    for title, low in LOW_ORDER.items():
        yield doing(f"a sealing key of low order: {title}", op("admit", member={**FOUR.member, "sealing_key": b64(bytes.fromhex(low))}))
    yield doing("a ticket by the hash of its secret", op("ticket", id=TICKETS[1], hash="00" * 32, expires=NOW))
    yield doing("an envelope for what is no name", op("prepare_secret", key_id=SECOND, compromise=False, sealed={"": {"enc": b64(bytes(32)), "ciphertext": ""}}))


def refused(rosters):
    def case(title, after, person, operations, fault="not_allowed", signed_by=None, prefix=PREFIX, **changes):
        fields = fields_on(rosters[after], person, operations, **changes)
        text = sign(fields, signed_by or person, prefix)
        return {"title": title, "after": after, "text": text, "fault": fault}

    note = [op("note", text="x")]
    yield case("of another cluster", 2, ONE, note, "wrong_cluster", _cluster="ffeeddccbbaa99887766554433221100")
    yield case("an epoch skipped", 2, ONE, note, "wrong_parent", epoch=4)
    yield case("on another parent", 2, ONE, note, "wrong_parent", parent="00" * 32)
    yield case("the first step again", 2, ONE, founding()["operations"], "wrong_parent", epoch=0, parent=None)
    yield case("signed by a stranger", 2, STRANGER, note, "not_member")
    yield case("signed by who left", 10, FIVE, note, "not_member")
    yield case("signed by who was evicted", 16, THREE, note, "not_member")
    yield case("signed by one member as another", 2, ONE, note, "bad_node_signature", signed_by=TWO)
    yield case("signed by the evicted key under the name that came back", 18, THREE, note, "bad_node_signature")
    yield case("signed as a record is", 2, ONE, note, "bad_node_signature", prefix=b"atlas-fleet/record/2.0\n")
    changed = case("changed after it was signed", 2, ONE, note, "bad_node_signature")
    yield {**changed, "text": changed["text"].replace('"text":"x"', '"text":"y"')}
    padded = case("a signature without its padding", 2, ONE, note, "bad_node_signature")
    yield {**padded, "text": padded["text"].replace('=="', '"')}

    yield case("right, and then wrong in its last operation", 2, ONE, [admitting(FOUR), op("remove", node_id="nobody")])
    yield case("founded again", 2, ONE, founding()["operations"])
    yield case("a member admitted again, with other keys", 2, ONE, [admitting(NEW_THREE)])
    renamed = op("admit", member={**TWO.member, "node_id": "server-04"})
    yield case("a member's key under another name", 2, ONE, [renamed])
    yield case("who is no member removed", 2, ONE, [op("remove", node_id="server-04")])
    yield case("oneself removed", 2, ONE, [op("remove", node_id="server-01")])
    yield case("the last one leaves", 0, ONE, [op("leave")])
    yield case("an evicted name admitted", 16, ONE, [inviting(5), admitting(NEW_THREE, 5)])
    yield case("an evicted key admitted", 17, ONE, [inviting(5), admitting(THREE, 5)])
    yield case("a name readmitted that was not evicted", 2, ONE, [op("readmit", node_id="server-04")])

    yield case("admitted without a ticket", 3, ONE, [admitting(FOUR)])
    yield case("a ticket used again", 4, ONE, [admitting(FIVE, 1)])
    yield case("a ticket used twice in one step", 3, ONE, [admitting(FOUR, 1), admitting(FIVE, 1)])
    yield case("a revoked ticket", 4, ONE, [admitting(FIVE, 2)])
    yield case("a ticket that ran out", 15, ONE, [admitting(FIVE, 4)])
    yield case("a ticket that nobody made", 4, ONE, [admitting(FIVE, 5)])
    yield case("a ticket that a compromise revoked", 16, ONE, [admitting(FIVE, 6)])
    yield case("a ticket more than may be open", 18, ONE, [numbered(number) for number in range(64)])
    yield case("a ticket's id again", 4, ONE, [inviting(2)])
    yield case("a used ticket revoked", 4, ONE, [op("revoke_ticket", id=TICKETS[1])])

    yield case("oneself evicted", 4, ONE, [op("evict", node_id="server-01")])
    yield case("who is no member evicted", 4, ONE, [op("evict", node_id="server-05")])
    yield case("an eviction while a secret admits", 2, ONE, [op("evict", node_id="server-03")])
    yield case("an eviction with the door closed in the same step", 2, ONE, [op("admission", admission="ticket"), op("evict", node_id="server-03")])
    yield case("an eviction while a secret is pending", 5, ONE, [op("evict", node_id="server-03")])
    before = rosters[15]
    whole = evicting(THREE, [ONE, TWO, FOUR], 16, before["digest"])
    yield case("after a compromise, with the door open", 15, ONE, whole[1:])
    yield case("after a compromise, the old secret stays", 15, ONE, whole[:-1])
    yield case("after a compromise, the new secret is not active", 15, ONE, whole[:-2])
    without_compromise = [{**each, "compromise": False} if each["op"] == "prepare_secret" else each for each in whole]
    yield case("an eviction by a routine rotation", 15, ONE, without_compromise)
    yield case("a secret sealed for who is evicted", 15, ONE, evicting(THREE, [ONE, TWO, THREE, FOUR], 16, before["digest"]))

    yield case("a secret prepared while one is pending", 5, ONE, [preparing("third", [ONE, TWO, THREE, FOUR], 6)])
    yield case("the present secret prepared", 4, ONE, [preparing("first", [ONE, TWO, THREE, FOUR], 5)])
    yield case("a retired secret prepared", 10, ONE, [preparing("first", [ONE, TWO, THREE, FOUR], 11)])
    yield case("a secret not sealed for a member", 4, ONE, [preparing("second", [ONE, TWO, THREE], 5)])
    yield case("a secret sealed for a stranger", 4, ONE, [preparing("second", [ONE, TWO, THREE, FOUR, FIVE], 5)])
    yield case("who comes meanwhile is given no secret", 6, ONE, [admitting(FIVE, 3)])
    envelope = sealed_for([FOUR], "second", 4)["server-04"]
    yield case("who comes is given a secret while none is pending", 3, ONE, [admitting(FOUR, 1, secret=envelope)])
    yield case("a secret activated that was not prepared", 4, ONE, [activating("second", rosters[4]["digest"])])
    yield case("another secret activated than the pending one", 5, ONE, [activating("third", rosters[5]["digest"])])
    yield case("a secret activated twice", 8, ONE, [activating("second", rosters[8]["digest"])])
    yield case("a secret retired while the new one is prepared", 5, ONE, [op("retire_secret", key_id=FIRST)])
    yield case("the new secret retired while it is active", 8, ONE, [op("retire_secret", key_id=SECOND)])
    yield case("a secret retired while none is pending", 4, ONE, [op("retire_secret", key_id=FIRST)])
    yield case("a secret abandoned while none is pending", 4, ONE, [op("abandon_secret", key_id=SECOND)])
    yield case("an abandoned secret activated", 13, ONE, [activating("third", rosters[13]["digest"])])
    yield case("the old secret retired after the new one was abandoned", 13, ONE, [op("retire_secret", key_id=SECOND)])


def check(file):
    rosters = []
    secrets = {name: unb64(text) for name, text in file["secrets"].items()}
    if any(key_id(secret) != name for name, secret in secrets.items()):
        yield "the key ids"
    for each in file["steps"]:
        rosters.append(follow(rosters[-1] if rosters else None, each["text"]))
        if shown(rosters[-1]) != each["roster"]:
            yield each["title"]
        for name, about, given in proofs(json.loads(each["text"])):
            if proof(secrets[name], about, file["cluster"]) != given:
                yield f"{each['title']}: proof"
    private = {each["sealing_key"]: X25519PrivateKey.from_private_bytes(bytes.fromhex(each["sealing_private"])) for each in file["people"]}
    for roster in rosters:
        for each in (roster, roster["pending"] or {"sealed": {}}):
            for name in set(each["sealed"]) & set(roster["members"]):
                envelope, key = each["sealed"][name], private[roster["members"][name]["sealing_key"]]
                opened = open_envelope(envelope, key, "cluster_secret", file["cluster"], envelope["epoch"], name)
                if opened != secrets[each["key_id"]]:
                    yield f"the secret {each['key_id']} of {name} after step {roster['epoch']}"
    for each in file["refused"]:
        try:
            follow(None if each["after"] is None else rosters[each["after"]], each["text"])
            yield f"{each['title']}: not refused"
        except Refused as refusal:
            if str(refusal) != each["fault"]:
                yield f"{each['title']}: {refusal}, not {each['fault']}"


if __name__ == "__main__":
    run(__file__, make, check)
