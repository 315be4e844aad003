"""Records of docs/protocol/records.md in another language, written from that document alone.

`python3 records.py check` judges every case of records.json and says which it judges otherwise; `python3 records.py
make` prints the file anew. Needs the package cryptography, for Ed25519.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

FILE = pathlib.Path(__file__).with_name("records.json")
PREFIX = b"atlas-fleet/record/2.0\n"
MAX_BYTES = 16384
MAX_DEPTH = 8
SAFE = 2**53 - 1
MAX_AGE = {"node": 300, "heartbeat": 30}
TOLERANCE = 5


def hkdf(secret, salt, info, length):
    key = hmac.new(salt or bytes(32), secret, hashlib.sha256).digest()
    block, out = b"", b""
    while len(out) < length:
        block = hmac.new(key, block + info + bytes([len(out) // 32 + 1]), hashlib.sha256).digest()
        out += block
    return out[:length]


def key_id(secret):
    return hkdf(secret, b"", b"key-id", 8).hex()


def mac_key(secret, cluster_id, record_type):
    return hkdf(secret, bytes.fromhex(cluster_id), b"atlas-fleet/2.0/record/" + record_type.encode(), 32)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def signed_bytes(fields):
    unsigned = {name: value for name, value in fields.items() if name not in ("_signature", "_node_signature")}
    return PREFIX + canonical(unsigned).encode()


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return data if b64(data) == text else None


def sign(fields, secret, identity, mac_type=None):
    over = signed_bytes(fields)
    key = mac_key(secret, fields.get("_cluster", ""), mac_type or fields["_type"])
    signature = b64(hmac.new(key, over, hashlib.sha256).digest())
    return {**fields, "_signature": signature, "_node_signature": b64(identity.sign(over))}


def in_subset(value, depth=1):
    if value is None or isinstance(value, bool):
        return True
    if isinstance(value, str):
        return not any(0xD800 <= ord(char) <= 0xDFFF for char in value)
    if isinstance(value, int):
        return -SAFE <= value <= SAFE
    if isinstance(value, float) or depth > MAX_DEPTH:
        return False
    if isinstance(value, list):
        return all(in_subset(item, depth + 1) for item in value)
    return all(name.isascii() for name in value) and all(in_subset(item, depth + 1) for item in value.values())


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= SAFE


def judge(data, case, cluster):
    """The code a record is refused with, or "old_news", or None when it is believed."""
    if len(data) > MAX_BYTES:
        return "too_large"
    try:
        text = data.decode()
        fields = json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return "malformed"
    if not isinstance(fields, dict) or not in_subset(fields):
        return "malformed"
    if canonical(fields) != text:
        return "not_canonical"
    if not isinstance(fields.get("node_id"), str):
        return "malformed"
    order = {}
    for name in ("_timestamp", "_incarnation", "_sequence"):
        order[name] = 0 if fields.get(name) is None else fields[name]
        if not is_count(order[name]):
            return "malformed"
    if not isinstance(fields.get("_signature"), str):
        return "missing_signature"
    if fields.get("_timestamp") is None:
        return "missing_timestamp"
    if fields.get("_security_version") != "2.0":
        return "unsupported_version"
    if fields.get("_cluster") != cluster["cluster_id"]:
        return "wrong_cluster"
    if fields.get("_type") != case["type"]:
        return "wrong_type"
    if fields.get("_key_id") != cluster["key_id"]:
        return "unknown_key"
    over = signed_bytes(fields)
    expected = hmac.new(bytes.fromhex(cluster["mac_keys"][case["type"]]), over, hashlib.sha256).digest()
    if not hmac.compare_digest(expected, unb64(fields["_signature"]) or b""):
        return "invalid_signature"
    if fields["node_id"] != case["slot"]:
        return "wrong_slot"
    if case["standing"] == "evicted":
        return "evicted"
    key = case.get("known_key")
    if key is None and case["type"] == "node":
        key = fields.get("identity_key")
    if not isinstance(key, str):
        return "not_member"
    if not is_signed_by(key, fields, over, case["type"]):
        return "bad_node_signature"
    return judge_time(fields, order, hashlib.sha256(data).hexdigest(), case)


def is_signed_by(key, fields, over, record_type):
    if record_type == "node" and fields.get("identity_key") != key:
        return False
    signature = fields.get("_node_signature")
    try:
        Ed25519PublicKey.from_public_bytes(unb64(key) or b"").verify(unb64(signature) or b"", over)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def judge_time(fields, order, digest, case):
    seen = case.get("seen")
    mine = (order["_incarnation"], order["_sequence"])
    theirs = seen and (seen["incarnation"], seen["sequence"])
    if seen and mine == theirs and digest == seen["digest"]:
        return "old_news"
    age = case["now"] - order["_timestamp"]
    if -age > TOLERANCE:
        return "timestamp_future"
    if age > MAX_AGE[case["type"]]:
        return "timestamp_old"
    if not seen or mine > theirs:
        return None
    if mine == theirs or (mine[0] < theirs[0] and order["_timestamp"] > seen["timestamp"]):
        return "clone"
    return "replayed"


# The file

SECRET = hashlib.sha256(b"atlas-fleet records.json: the cluster secret").digest()
OTHER_SECRET = hashlib.sha256(b"atlas-fleet records.json: the secret of another cluster").digest()
CLUSTER_ID = "00112233445566778899aabbccddeeff"
NOW = 1795262400
INCARNATION = 1795262000000
IDENTITY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"atlas-fleet records.json: node server-01").digest())
OTHER = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"atlas-fleet records.json: node server-02").digest())


def public(identity):
    return b64(identity.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))


def envelope(record_type, **changes):
    return {
        "node_id": "server-01",
        "_security_version": "2.0",
        "_cluster": CLUSTER_ID,
        "_type": record_type,
        "_key_id": key_id(SECRET),
        "_timestamp": NOW - 5,
        "_incarnation": INCARNATION,
        "_sequence": 7,
        **changes,
    }


def node(identity=IDENTITY, **changes):
    body = {
        "hostname": "Zoë’s Mac Studio",
        "host": "server-01.example.org",
        "port": 8768,
        "version": "0.1.0",
        "started_at": NOW - 400,
        "identity_key": public(identity),
        "sealing_key": b64(hashlib.sha256(b"any 32 bytes").digest()),
    }
    return {**body, **envelope("node"), **changes}


def heartbeat(record, **changes):
    body = {
        "record": record,
        "state": "up",
        "accepts": [key_id(SECRET)],
        "signs": key_id(SECRET),
        "load": {"reports_per_minute": 42},
        "seen": {"server-02": INCARNATION + 1, "10": 3, "9": 2, "Server-A": 1},
    }
    return {**body, **envelope("heartbeat"), **changes}


def make():
    signed_node = sign(node(), SECRET, IDENTITY)
    digest = hashlib.sha256(canonical(signed_node).encode()).hexdigest()
    signed_heartbeat = sign(heartbeat(digest), SECRET, IDENTITY)
    file = {
        "comment": "docs/protocol/records.md. Made by records.py, which shares no code with the server. secret and keys of nodes are base64, seeds and derived keys hex, texts UTF-8. A case is judged with clock_tolerance 5 and no other mark than `seen`; its code is null when the record is believed.",
        "secret": b64(SECRET),
        "cluster_id": CLUSTER_ID,
        "derived_cluster_id": hkdf(SECRET, b"", b"atlas-fleet/2.0/cluster-id", 16).hex(),
        "key_id": key_id(SECRET),
        "mac_keys": {each: mac_key(SECRET, CLUSTER_ID, each).hex() for each in ("node", "heartbeat")},
        "identity": {"seed": IDENTITY.private_bytes_raw().hex(), "public_key": public(IDENTITY)},
        "records": [record_vector(each) for each in (signed_node, signed_heartbeat)],
        "cases": list(cases(signed_node, signed_heartbeat)),
    }
    return file


def record_vector(signed):
    unsigned = {name: value for name, value in signed.items() if name not in ("_signature", "_node_signature")}
    text = canonical(signed)
    return {
        "type": signed["_type"],
        "unsigned": unsigned,
        "signed_bytes": signed_bytes(signed).decode(),
        "signature": signed["_signature"],
        "node_signature": signed["_node_signature"],
        "record": text,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
    }


def cases(signed_node, signed_heartbeat):
    node_text, heartbeat_text = canonical(signed_node), canonical(signed_heartbeat)
    mark = {"incarnation": INCARNATION, "sequence": 7, "timestamp": NOW - 5}
    digests = {each["_type"]: hashlib.sha256(canonical(each).encode()).hexdigest() for each in (signed_node, signed_heartbeat)}
    heart = lambda **changes: heartbeat(digests["node"], **changes)

    def case(title, body, code, record_type="node", standing=None, **more):
        standing = standing or ("stranger" if record_type == "node" else "known")
        fixed = {"title": title, "type": record_type, "slot": "server-01", "standing": standing}
        if standing == "known":
            fixed["known_key"] = public(IDENTITY)
        content = {"base64": b64(body)} if isinstance(body, bytes) else {"text": body}
        return {**fixed, "now": NOW, "seen": None, **more, **content, "code": code}

    def made(title, fields, code, record_type="node", secret=SECRET, identity=IDENTITY, mac_type=None, **more):
        return case(title, canonical(sign(fields, secret, identity, mac_type)), code, record_type, **more)

    yield case("a node record of somebody new", node_text, None)
    yield case("a node record of somebody known", node_text, None, standing="known")
    yield case("a heartbeat", heartbeat_text, None, "heartbeat")
    yield made("a field that no schema knows, signed like the others", node(zone="b"), None)
    yield made("exactly 300 s old", node(_timestamp=NOW - 300), None)
    yield made("exactly 5 s ahead", node(_timestamp=NOW + 5), None)
    yield made("a heartbeat exactly 30 s old", heart(_timestamp=NOW - 30), None, "heartbeat")
    yield made("the next sequence", heart(_sequence=8), None, "heartbeat", seen={**mark, "digest": digests["heartbeat"]})
    yield made("the next incarnation counts from the beginning", heart(_incarnation=INCARNATION + 1, _sequence=1), None, "heartbeat", seen={**mark, "digest": digests["heartbeat"]})
    yield case("the very bytes that were seen", heartbeat_text, "old_news", "heartbeat", seen={**mark, "digest": digests["heartbeat"]})
    yield case("the very bytes that were seen, an hour later", heartbeat_text, "old_news", "heartbeat", seen={**mark, "digest": digests["heartbeat"]}, now=NOW + 3600)

    yield case("16,385 bytes", " " * 16385, "too_large")
    yield case("no bytes", "", "malformed")
    yield case("not UTF-8", b"\xff" + node_text.encode(), "malformed")
    yield case("a byte order mark", b"\xef\xbb\xbf" + node_text.encode(), "malformed")
    yield case("not JSON", node_text[:-1], "malformed")
    yield case("an array", "[]", "malformed")
    yield case("a fraction", '{"a":1.5,"node_id":"server-01"}', "malformed")
    yield case("a number beyond the safe integers", '{"a":9007199254740992,"node_id":"server-01"}', "malformed")
    yield case("a lone surrogate", '{"a":"\\ud800","node_id":"server-01"}', "malformed")
    yield case("a name that is not ASCII", '{"node_id":"server-01","ö":1}', "malformed")
    yield case("nine levels", '{"a":' * 9 + "1" + "}" * 9, "malformed")
    yield case("a node_id that is a number", '{"node_id":1}', "malformed")
    yield case("a negative sequence", canonical({**signed_node, "_sequence": -1}), "malformed")
    yield case("a space", node_text.replace(":", ": ", 1), "not_canonical")
    yield case("a newline at the end", node_text + "\n", "not_canonical")
    yield case("a name twice", node_text.replace("{", '{"_cluster":"",', 1), "not_canonical")
    yield case("names in another order", json.dumps(dict(reversed(json.loads(node_text).items())), separators=(",", ":"), ensure_ascii=False), "not_canonical")
    yield case("a letter written as an escape", node_text.replace("example", "\\u0065xample"), "not_canonical")
    yield case("minus zero", node_text.replace('"_sequence":7', '"_sequence":-0'), "not_canonical")
    yield case("no signature", canonical({"host": "10.0.0.666", "node_id": "attacker"}), "missing_signature", slot="attacker")
    yield case("a signature that is null", canonical({**signed_node, "_signature": None}), "missing_signature")
    yield made("no time", {name: value for name, value in node().items() if name != "_timestamp"}, "missing_timestamp")
    yield made("the ancestor's version", node(_security_version="1.0"), "unsupported_version")
    yield made("of another cluster", node(_cluster="ffeeddccbbaa99887766554433221100"), "wrong_cluster")
    yield case("a heartbeat in the slot of a node record", heartbeat_text, "wrong_type")
    yield case("a node record in the slot of a heartbeat", node_text, "wrong_type", "heartbeat")
    yield made("another secret", node(_key_id=key_id(OTHER_SECRET)), "unknown_key", secret=OTHER_SECRET)
    yield made("another secret under our key id", node(), "invalid_signature", secret=OTHER_SECRET)
    yield made("the key of the other type", node(), "invalid_signature", mac_type="heartbeat")
    yield case("a changed host", node_text.replace("server-01.example", "server-66.example"), "invalid_signature")
    yield case("one more field", node_text[:-1] + ',"zone":"b"}', "invalid_signature")
    yield case("one field less", canonical({name: value for name, value in signed_node.items() if name != "version"}), "invalid_signature")
    yield case("a signature without its padding", canonical({**signed_node, "_signature": signed_node["_signature"].rstrip("=")}), "invalid_signature")
    yield case("a copy under another's key", node_text, "wrong_slot", slot="server-02")
    yield case("of an evicted node", node_text, "evicted", standing="evicted")
    yield case("a heartbeat of somebody new", heartbeat_text, "not_member", "heartbeat", standing="stranger")
    yield made("signed by another node for this one", heart(), "bad_node_signature", "heartbeat", identity=OTHER)
    yield made("a node record that brings another key for somebody known", node(OTHER), "bad_node_signature", identity=OTHER, standing="known")
    yield made("a node record that names another key than it is signed with", node(OTHER), "bad_node_signature")
    yield made("signed by the known key, but naming another", node(OTHER), "bad_node_signature", standing="known")
    yield case("no signature of its own", canonical({name: value for name, value in signed_node.items() if name != "_node_signature"}), "bad_node_signature")
    yield made("6 s ahead", node(_timestamp=NOW + 6), "timestamp_future")
    yield made("301 s old", node(_timestamp=NOW - 301), "timestamp_old")
    yield made("a heartbeat 31 s old", heart(_timestamp=NOW - 31), "timestamp_old", "heartbeat")
    yield case("yesterday's", node_text, "timestamp_old", now=NOW + 86395)
    yield case("a sequence before the one seen", heartbeat_text, "replayed", "heartbeat", seen={**mark, "sequence": 8, "digest": "00" * 32})
    yield case("an incarnation before the one seen", heartbeat_text, "replayed", "heartbeat", seen={"incarnation": INCARNATION + 1, "sequence": 1, "timestamp": NOW, "digest": "00" * 32})
    yield case("two records under one sequence", heartbeat_text, "clone", "heartbeat", seen={**mark, "digest": "00" * 32})
    yield case("an earlier incarnation that speaks later", heartbeat_text, "clone", "heartbeat", seen={"incarnation": INCARNATION + 1, "sequence": 1, "timestamp": NOW - 6, "digest": "00" * 32})


def check():
    file = json.loads(FILE.read_text())
    secret = base64.b64decode(file["secret"])
    wrong = []
    if file["key_id"] != key_id(secret):
        wrong.append("key_id")
    for each in ("node", "heartbeat"):
        if file["mac_keys"][each] != mac_key(secret, file["cluster_id"], each).hex():
            wrong.append(f"mac key of {each}")
    identity = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(file["identity"]["seed"]))
    for each in file["records"]:
        if record_vector(sign(each["unsigned"], secret, identity)) != each:
            wrong.append(f"record {each['type']}")
    for each in file["cases"]:
        data = base64.b64decode(each["base64"]) if "base64" in each else each["text"].encode()
        code = judge(data, each, file)
        if code != each["code"]:
            wrong.append(f"{each['title']}: {code}, not {each['code']}")
    for each in wrong:
        print(each)
    print(f"{len(file['records'])} records and {len(file['cases'])} cases, {len(wrong)} judged otherwise")
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["make"]:
        print(json.dumps(make(), indent=2, ensure_ascii=False))
    elif sys.argv[1:] == ["check"]:
        sys.exit(check())
    else:
        sys.exit(__doc__)
