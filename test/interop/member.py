"""A member of the cluster: it signs its own two records, and names the peers whose heartbeats it believes."""

import time

from alterations import Draft
from canonical import encode
from keys import NodeKeys
from peers import read_chain
from record import VERSION, digest, with_mac, with_node_signature

RENEWAL_SECONDS = 120
VERSION_OF_PROGRAM = "interop-1"


class Member:
    def __init__(self, node_id, address, registry, secret, peers):
        self._node_id = node_id
        self._address = address
        self._registry = registry
        self._secret = secret
        self._peers = peers
        self._keys = NodeKeys()
        self._incarnation = time.time_ns() // 1_000_000
        self._started_at = int(time.time())
        self._sequences = {"node": 0, "heartbeat": 0}
        self._last = {}
        self._altered = set()
        self._rests = False

    def beat_in_time(self):
        """For every interval. While it rests, the heartbeat of `mend` stays the last: all can have read it."""
        if not self._rests:
            self.beat()

    def beat(self, state="up"):
        """One heartbeat, after a node record where that is due. An altered slot is left as it is."""
        last = self._last.get("node")
        if last is None or time.time() - last["_timestamp"] >= RENEWAL_SECONDS:
            self._write("node", self._sign("node"))
        if "heartbeat" not in self._altered:
            self._write("heartbeat", self._sign("heartbeat", state))

    @property
    def place(self):
        """The pair of the newest heartbeat that it meant."""
        last = self._last["heartbeat"]
        return {"incarnation": last["_incarnation"], "sequence": last["_sequence"]}

    def alter(self, alteration):
        """Puts the altered record in the place of the true one, until `mend`. Its sequence is not used again."""
        kind = alteration.record_type
        self._rests = False
        draft = Draft(kind, self._unsigned(kind), self._last[kind], self._keys, self._secret)
        self._altered.add(kind)
        self._registry.write(kind, self._node_id, encode(alteration.make(draft)))

    def mend(self):
        """The true node record, one heartbeat, and rest until the next alteration."""
        if "node" in self._altered:
            self._write("node", self._last["node"])
        self._altered.clear()
        self._rests = True
        self.beat()

    def _write(self, kind, fields):
        self._registry.write(kind, self._node_id, encode(fields))
        self._last[kind] = fields

    def _sign(self, kind, state="up"):
        fields = self._unsigned(kind, state)
        return with_node_signature(with_mac(fields, self._secret, kind), self._keys.identity)

    def _unsigned(self, kind, state="up"):
        self._sequences[kind] += 1
        return {
            "_security_version": VERSION,
            "_cluster": self._secret.cluster_id,
            "_type": kind,
            "_key_id": self._secret.key_id,
            "_timestamp": int(time.time()),
            "_incarnation": self._incarnation,
            "_sequence": self._sequences[kind],
            "node_id": self._node_id,
            **(self._node_body() if kind == "node" else self._heartbeat_body(state)),
        }

    def _node_body(self):
        host, port = self._address
        return {
            "hostname": host,
            "host": host,
            "port": port,
            "version": VERSION_OF_PROGRAM,
            "started_at": self._started_at,
            "identity_key": self._keys.identity_text,
            "sealing_key": self._keys.sealing_text,
            "made_by": "a field that no server knows",
        }

    def _heartbeat_body(self, state):
        chain = read_chain(self._registry, self._secret)
        seen = self._peers.incarnations()
        seen.pop(self._node_id, None)
        return {
            "record": digest(encode(self._last["node"])),
            "state": state,
            "accepts": [self._secret.key_id],
            "signs": self._secret.key_id,
            "load": {"reports_per_minute": 0},
            "seen": seen,
            "roster": {"epoch": chain.epoch, "hash": chain.digest},
        }
