"""What each field is altered to. A field that is added to a record belongs into these tables too."""

from keys import b64

# Of another document: refused before the MAC is looked at, whoever wrote it.
OF_ANOTHER = {
    "_security_version": ("1.0", "unsupported_version"),
    "_cluster": ("f" * 32, "wrong_cluster"),
    "_type": ("report", "wrong_type"),
    "_key_id": ("f" * 16, "unknown_key"),
}

# Right in its form, and not what was signed.
PLAUSIBLE = {
    "node": {
        "hostname": "another.example.org",
        "host": "10.0.0.66",
        "port": 666,
        "version": "9.9.9",
        "started_at": 1,
        "identity_key": b64(bytes(range(32))),
        "sealing_key": b64(bytes(range(32))),
        "tls_spki_sha256": b64(bytes(32)),
        "database_id": "f" * 32,
    },
    "heartbeat": {
        "record": "f" * 64,
        "state": "left",
        "accepts": [],
        "signs": "f" * 16,
        "load": {"reports_per_minute": 666},
        "seen": {},
        "roster": {"epoch": 666, "hash": "f" * 64},
        "contested": {"since": 666, "twin": None},
    },
}

# Outside its form.
IMPOSSIBLE = {
    "node": {
        "hostname": "",
        "host": "h" * 254,
        "port": 65_536,
        "version": "v" * 65,
        "started_at": 253402300800,
        "sealing_key": b64(bytes(31)),
        "tls_spki_sha256": b64(bytes(33)),
        "database_id": "F" * 32,
    },
    "heartbeat": {
        "record": "f" * 63,
        "state": "asleep",
        "accepts": ["f" * 16] * 17,
        "signs": "f" * 15,
        "load": {},
        "seen": {"a": "b"},
        "roster": {"epoch": 0, "hash": "f" * 63},
        "contested": {"since": 1, "twin": {"host": "10.0.0.66"}},
    },
}
