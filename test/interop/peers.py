"""The other members as a foreign program sees them: each record judged by docs/protocol, by the roster's keys."""

import time
from dataclasses import dataclass

from canonical import Refused
from record import Mark, Standing, open_record
from roster_chain import Chain


def read_chain(registry, secret):
    """The chain of the live cluster as far as it goes, every step verified."""
    chain = Chain(secret.cluster_id)
    while (data := registry.step(chain.epoch + 1)) is not None:
        chain.take(data, secret)
    return chain


@dataclass(frozen=True)
class Peer:
    node: dict
    heartbeat: dict


class Peers:
    """Verifies slot by slot, and keeps the marks of all it believed."""

    def __init__(self, registry, secret):
        self._registry = registry
        self._secret = secret
        self._marks = {}
        self._believed = {}
        self.refused = {}

    def look(self):
        """Everybody who is believed now. Of each the heartbeat is read before the node record that it names."""
        chain = read_chain(self._registry, self._secret)
        found = {}
        for name in self._registry.names():
            heartbeat = self._judge("heartbeat", name, chain)
            node = self._judge("node", name, chain)
            if heartbeat and node and heartbeat["record"] == self._marks["node", name].digest:
                found[name] = Peer(node, heartbeat)
        return found

    def incarnations(self):
        return {name: peer.heartbeat["_incarnation"] for name, peer in self.look().items()}

    def _judge(self, record_type, name, chain):
        slot = (record_type, name)
        data = self._registry.read(record_type, name)
        if data is None:
            return self._believed.get(slot)
        standing = Standing(chain.members.get(name))
        try:
            fields = open_record(
                data, record_type, name, self._secret, standing, int(time.time()), self._marks.get(slot)
            )
        except Refused as refused:
            if refused.code != "old_news":
                self.refused[f"{record_type}:{name}"] = refused.code
            return self._believed.get(slot)
        self._marks[slot], self._believed[slot] = Mark.of(fields, data), fields
        return fields
