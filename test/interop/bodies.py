"""The bodies of docs/protocol/records.md, check 21: whether a signed record says what its type has to say."""

import re

from canonical import is_integer
from keys import unb64

NODE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LAST_SECOND = 253402300799
PEERS = 256


def is_hex(value, digits):
    return isinstance(value, str) and re.fullmatch(rf"[0-9a-f]{{{digits}}}", value) is not None


def is_text(value, longest):
    """`longest` counts UTF-16 units, of which a character outside the first plane takes two."""
    return isinstance(value, str) and 1 <= len(value.encode("utf-16-le")) // 2 <= longest


def is_key_id(value):
    return is_hex(value, 16)


def is_node_id(value):
    return isinstance(value, str) and NODE_ID.fullmatch(value) is not None


def is_bytes32(value):
    return unb64(value, 32) is not None


def _is_load(value):
    return isinstance(value, dict) and is_integer(value.get("reports_per_minute"))


def _is_seen(value):
    if not isinstance(value, dict) or len(value) > PEERS:
        return False
    return all(is_integer(incarnation) for incarnation in value.values())


def _is_address(value):
    is_host = isinstance(value, dict) and is_text(value.get("host"), 253)
    return is_host and is_integer(value.get("port"), 1, 65535)


def _is_contested(value):
    if not isinstance(value, dict) or not is_integer(value.get("since")):
        return False
    return value.get("twin") is None or _is_address(value["twin"])


def _is_place(value):
    return isinstance(value, dict) and is_integer(value.get("epoch")) and is_hex(value.get("hash"), 64)


REQUIRED = {
    "node": {
        "hostname": lambda value: is_text(value, 253),
        "host": lambda value: is_text(value, 253),
        "port": lambda value: is_integer(value, 1, 65535),
        "version": lambda value: is_text(value, 64),
        "started_at": lambda value: is_integer(value, 0, LAST_SECOND),
        "identity_key": is_bytes32,
        "sealing_key": is_bytes32,
    },
    "heartbeat": {
        "record": lambda value: is_hex(value, 64),
        "state": lambda value: value in ("up", "draining", "left"),
        "accepts": lambda value: isinstance(value, list) and len(value) <= 16 and all(map(is_key_id, value)),
        "signs": is_key_id,
        "load": _is_load,
        "seen": _is_seen,
    },
}

OPTIONAL = {
    "node": {"tls_spki_sha256": is_bytes32, "database_id": lambda value: is_hex(value, 32)},
    "heartbeat": {"roster": _is_place, "contested": _is_contested},
}


def is_body(record_type, fields):
    required, optional = REQUIRED[record_type], OPTIONAL[record_type]
    return all(is_right(fields.get(name)) for name, is_right in required.items()) and all(
        is_right(fields[name]) for name, is_right in optional.items() if name in fields
    )
