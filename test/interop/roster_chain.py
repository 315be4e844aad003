"""The chain of docs/protocol/roster.md, read only: who signed each step, and that none is missing or moved.

It keeps the keys of the members, to say of each step whether its signer was one. Rules of single operations (fault
`not_allowed`) it judges none.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from bodies import LAST_SECOND, is_bytes32, is_hex, is_node_id
from canonical import Refused, encode, is_integer, parse
from keys import is_signed_by, unb64

MAX_BYTES = 262_144
OPERATIONS = 512
ENVELOPE = ("_cluster", "_node_signature", "_security_version", "_type")
FIELDS = frozenset((*ENVELOPE, "epoch", "operations", "parent", "signer", "time"))


@dataclass
class Chain:
    """What is known after the steps so far."""

    cluster_id: str
    epoch: int = -1
    digest: str = None
    proved: bool = False
    members: dict = field(default_factory=dict)

    def take(self, data, secret=None):
        """The chain moves on by one step, or it is Refused: `unreadable`, or the fault of the document."""
        step = read_step(data)
        if step["_cluster"] != self.cluster_id:
            raise Refused("wrong_cluster")
        if (step["epoch"], step["parent"]) != (self.epoch + 1, self.digest):
            raise Refused("wrong_parent")
        if self.epoch == -1:
            self._check_founder(step)
        else:
            self._check_signer(step)
        for operation in step["operations"]:
            self._apply(operation, step, secret)
        self.epoch, self.digest = step["epoch"], hashlib.sha256(data).hexdigest()
        return step

    def _check_founder(self, step):
        if [one["op"] for one in step["operations"]] != ["found"]:
            raise Refused("wrong_parent")
        member = step["operations"][0]["member"]
        if member["node_id"] != step["signer"]:
            raise Refused("bad_node_signature")
        self._check_signature(step, member["identity_key"])

    def _check_signer(self, step):
        if step["signer"] not in self.members:
            raise Refused("not_member")
        self._check_signature(step, self.members[step["signer"]])

    @staticmethod
    def _check_signature(step, key):
        unsigned = {name: value for name, value in step.items() if name != "_node_signature"}
        data = b"atlas-fleet/roster-step/2.0\n" + encode(unsigned)
        if not is_signed_by(key, step["_node_signature"], data):
            raise Refused("bad_node_signature")

    def _apply(self, operation, step, secret):
        if operation["op"] in ("found", "admit"):
            self.members[operation["member"]["node_id"]] = operation["member"]["identity_key"]
        elif operation["op"] == "leave":
            self.members.pop(step["signer"], None)
        elif operation["op"] in ("remove", "evict"):
            self.members.pop(operation["node_id"], None)
        if "proof" in operation and secret is not None and operation.get("key_id") == secret.key_id:
            founded = operation["op"] == "found"
            text = operation["member"]["identity_key"] if founded else step["parent"]
            expected = secret.mac("roster", b"atlas-fleet/roster-proof/2.0\n" + text.encode())
            given = unb64(operation["proof"]) or b""
            self.proved = self.proved or hmac.compare_digest(expected, given)


def read_step(data):
    """A step by its form; the fields of its operations stay the folder's business."""
    try:
        step = parse(data, MAX_BYTES)
    except Refused as refused:
        raise Refused("unreadable") from refused
    operations = step.get("operations")
    is_step = (
        frozenset(step) == FIELDS
        and (step["_security_version"], step["_type"]) == ("2.0", "roster_step")
        and is_hex(step["_cluster"], 32)
        and is_integer(step["epoch"])
        and (step["parent"] is None if step["epoch"] == 0 else is_hex(step["parent"], 64))
        and is_node_id(step["signer"])
        and is_integer(step["time"], 0, LAST_SECOND)
        and isinstance(operations, list)
        and 1 <= len(operations) <= OPERATIONS
        and all(isinstance(one, dict) and _is_operation(one) for one in operations)
    )
    if not is_step:
        raise Refused("unreadable")
    return step


def _is_operation(operation):
    """As far as this program reads one."""
    if operation.get("op") in ("found", "admit"):
        return _is_member(operation.get("member"))
    if operation.get("op") in ("remove", "evict"):
        return is_node_id(operation.get("node_id"))
    return isinstance(operation.get("op"), str)


def _is_member(value):
    if not isinstance(value, dict) or frozenset(value) != {"node_id", "identity_key", "sealing_key"}:
        return False
    return is_node_id(value["node_id"]) and is_bytes32(value["identity_key"]) and is_bytes32(value["sealing_key"])
