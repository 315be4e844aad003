"""Records of docs/protocol/records.md: signing one, and the one straight line that judges one.

The checks stand in the order of the document's table. Nothing is believed before the MAC; what is refused raises
`Refused`, with the code of its row.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Optional

from bodies import is_body
from canonical import Refused, encode, is_integer, parse
from keys import b64, is_signed_by

VERSION = "2.0"
SIGNATURES = ("_signature", "_node_signature")
MAX_BYTES = 16_384
MAX_AGE_SECONDS = {"node": 300, "heartbeat": 30}
CLOCK_TOLERANCE_SECONDS = 5
COUNTERS = ("_timestamp", "_incarnation", "_sequence")


@dataclass(frozen=True)
class Mark:
    """The highest record seen of one node and type."""

    incarnation: int
    sequence: int
    timestamp: int
    digest: str

    @staticmethod
    def of(fields, data):
        return Mark(fields["_incarnation"], fields["_sequence"], fields["_timestamp"], digest(data))


@dataclass(frozen=True)
class Standing:
    """What a verifier knows of the node that has a slot. `known_key` is None for a stranger."""

    known_key: Optional[str] = None
    evicted: bool = False


def digest(data):
    return hashlib.sha256(data).hexdigest()


def signed_bytes(fields):
    unsigned = {name: value for name, value in fields.items() if name not in SIGNATURES}
    return b"atlas-fleet/record/2.0\n" + encode(unsigned)


def with_mac(fields, secret, record_type):
    return {**fields, "_signature": b64(secret.mac(f"record/{record_type}", signed_bytes(fields)))}


def with_node_signature(fields, identity):
    return {**fields, "_node_signature": b64(identity.sign(signed_bytes(fields)))}


def open_record(data, record_type, slot, secret, standing, now, seen=None):
    """The fields of a record that is believed, else Refused; `old_news` is what was believed already."""
    fields = parse(data, MAX_BYTES)
    _check_envelope(fields, record_type, secret)
    expected = secret.mac(f"record/{record_type}", signed_bytes(fields))
    if not hmac.compare_digest(fields["_signature"].encode(), b64(expected).encode()):
        raise Refused("invalid_signature")
    if fields["node_id"] != slot:
        raise Refused("wrong_slot")
    _check_author(fields, record_type, standing)
    _check_freshness(fields, record_type, digest(data), now, seen)
    if not is_body(record_type, fields):
        raise Refused("malformed")
    return fields


def _check_envelope(fields, record_type, secret):
    counters = [fields.get(name) for name in COUNTERS]
    if not isinstance(fields.get("node_id"), str) or not all(
        one is None or is_integer(one) for one in counters
    ):
        raise Refused("malformed")
    if not isinstance(fields.get("_signature"), str):
        raise Refused("missing_signature")
    if fields.get("_timestamp") is None:
        raise Refused("missing_timestamp")
    for name, expected, code in (
        ("_security_version", VERSION, "unsupported_version"),
        ("_cluster", secret.cluster_id, "wrong_cluster"),
        ("_type", record_type, "wrong_type"),
        ("_key_id", secret.key_id, "unknown_key"),
    ):
        if fields.get(name) != expected:
            raise Refused(code)


def _check_author(fields, record_type, standing):
    if standing.evicted:
        raise Refused("evicted")
    named = fields.get("identity_key") if record_type == "node" else standing.known_key
    key = standing.known_key or named
    if not isinstance(named, str):
        raise Refused("not_member")
    if named != key or not is_signed_by(key, fields.get("_node_signature"), signed_bytes(fields)):
        raise Refused("bad_node_signature")


def _check_freshness(fields, record_type, own_digest, now, seen):
    timestamp = fields["_timestamp"]
    pair = (fields.get("_incarnation") or 0, fields.get("_sequence") or 0)
    last = (seen.incarnation, seen.sequence) if seen else None
    if pair == last and own_digest == seen.digest:
        raise Refused("old_news")
    if timestamp > now + CLOCK_TOLERANCE_SECONDS:
        raise Refused("timestamp_future")
    if timestamp < now - MAX_AGE_SECONDS[record_type]:
        raise Refused("timestamp_old")
    if last is not None and pair <= last:
        is_clone = pair == last or (pair[0] < last[0] and timestamp > seen.timestamp)
        raise Refused("clone" if is_clone else "replayed")
