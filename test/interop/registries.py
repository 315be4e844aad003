"""The shared registry of docs/protocol/records.md and roster.md, on files and on Redis: `file:/state_path` and
`redis://host:port`.

`read` and `step` give bytes or None; `names` says whose slots there are; `write` touches the slot named, alone.
"""

import os
import secrets
import socket

from bodies import is_node_id
from record import MAX_BYTES
from roster_chain import MAX_BYTES as STEP_MAX_BYTES


def open_registry(address):
    kind, _, place = address.partition(":")
    if kind == "file":
        return FileRegistry(place)
    host, _, port = place.removeprefix("//").rpartition(":")
    return RedisRegistry(host, int(port))


class FileRegistry:
    def __init__(self, state_path):
        self._state_path = state_path

    def names(self):
        entries = os.listdir(os.path.join(self._state_path, "node"))
        names = [entry.removesuffix(".json") for entry in entries if entry.endswith(".json")]
        return sorted(filter(is_node_id, names))

    def read(self, record_type, node_id):
        return self._read(record_type, f"{node_id}.json", MAX_BYTES)

    def step(self, epoch):
        return self._read("roster", f"{epoch}.json", STEP_MAX_BYTES)

    def write(self, record_type, node_id, data):
        folder = os.path.join(self._state_path, record_type)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        temporary = os.path.join(folder, f".{secrets.token_hex(8)}")
        with open(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(data)
        os.replace(temporary, os.path.join(folder, f"{node_id}.json"))

    def _read(self, folder, name, max_bytes):
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            with open(os.open(os.path.join(self._state_path, folder, name), flags), "rb") as file:
                return file.read(max_bytes + 1)
        except FileNotFoundError:
            return None


class RedisRegistry:
    """As much of RESP as four commands need, on a Redis without a password."""

    def __init__(self, host, port):
        self._stream = socket.create_connection((host, port), timeout=5).makefile("rwb")

    def names(self):
        names = (name.decode() for name in self._ask("SMEMBERS", "fleet:cluster:newcomers"))
        return sorted(filter(is_node_id, names))

    def read(self, record_type, node_id):
        return self._ask("GETRANGE", f"fleet:cluster:{record_type}:{node_id}", "0", str(MAX_BYTES)) or None

    def step(self, epoch):
        return self._ask("GETRANGE", f"fleet:cluster:roster:{epoch}", "0", str(STEP_MAX_BYTES)) or None

    def write(self, record_type, node_id, data):
        self._ask("SET", f"fleet:cluster:{record_type}:{node_id}", data)
        if record_type == "heartbeat":
            self._ask("SADD", "fleet:cluster:newcomers", node_id)

    def _ask(self, *words):
        self._stream.write(b"*%d\r\n" % len(words))
        for word in words:
            data = word if isinstance(word, bytes) else word.encode()
            self._stream.write(b"$%d\r\n%b\r\n" % (len(data), data))
        self._stream.flush()
        return self._answer()

    def _answer(self):
        line = self._stream.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self._stream.read(size + 2)[:-2]
        if kind == b"*":
            return [self._answer() for _ in range(int(rest))]
        if kind in (b"+", b":"):
            return rest
        raise OSError(f"Redis: {line.decode()}")
