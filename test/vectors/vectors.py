"""What the programs of this folder share: keys made of names, and `make` and `check`."""

import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hpke import public
from records import b64

CLUSTER_ID = "00112233445566778899aabbccddeeff"


def seed(name):
    return hashlib.sha256(b"atlas-fleet vectors: " + name.encode()).digest()


class Person:
    """A node, with the keys that its name makes."""

    def __init__(self, node_id, generation=""):
        self.node_id = node_id
        self.identity_seed = seed(f"identity {node_id}{generation}")
        self.sealing_seed = seed(f"sealing {node_id}{generation}")
        self.identity = Ed25519PrivateKey.from_private_bytes(self.identity_seed)
        self.sealing = X25519PrivateKey.from_private_bytes(self.sealing_seed)
        self.member = {
            "node_id": node_id,
            "identity_key": b64(public(self.identity)),
            "sealing_key": b64(public(self.sealing)),
        }

    def shown(self):
        return {
            **self.member,
            "identity_seed": self.identity_seed.hex(),
            "sealing_private": self.sealing_seed.hex(),
        }


def run(program, make, check):
    """`make` returns the file's content; `check` yields a sentence for each thing in it that it sees otherwise."""
    if sys.argv[1:] == ["make"]:
        print(json.dumps(make(), indent=2, ensure_ascii=False))
    elif sys.argv[1:] == ["check"]:
        wrong = list(check(json.loads(pathlib.Path(program).with_suffix(".json").read_text())))
        print("\n".join([*wrong, f"{len(wrong)} judged otherwise"]))
        sys.exit(1 if wrong else 0)
    else:
        sys.exit("make or check")
