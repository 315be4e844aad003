"""The vectors of docs/protocol, judged by these modules: each one that they judge otherwise is a sentence."""

import base64
from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from canonical import Refused, encode
from keys import ClusterSecret, public_text
from record import Mark, Standing, digest, open_record, signed_bytes, with_mac, with_node_signature
from roster_chain import Chain


def check_records(vectors):
    secret = ClusterSecret(vectors["secret"], vectors["cluster_id"])
    identity = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(vectors["identity"]["seed"]))
    wrong = _check_keys(vectors, secret, identity)
    for vector in vectors["records"]:
        fields = with_node_signature(with_mac(vector["unsigned"], secret, vector["type"]), identity)
        made = {
            "signed_bytes": signed_bytes(vector["unsigned"]).decode(),
            "signature": fields["_signature"],
            "node_signature": fields["_node_signature"],
            "record": encode(fields).decode(),
            "sha256": digest(encode(fields)),
        }
        wrong += [f"{vector['type']}: another {name}" for name, value in made.items() if value != vector[name]]
    for case in vectors["cases"]:
        code = _judge(case, secret)
        if code != case["code"]:
            wrong.append(f"{case['title']}: {code} instead of {case['code']}")
    return SimpleNamespace(judged=len(vectors["records"]) + len(vectors["cases"]), wrong=wrong)


def _check_keys(vectors, secret, identity):
    derived = {
        "key_id": secret.key_id,
        "derived_cluster_id": ClusterSecret(vectors["secret"]).cluster_id,
        "mac_keys": {name: secret.mac_key(f"record/{name}").hex() for name in ("node", "heartbeat")},
        "identity": {**vectors["identity"], "public_key": public_text(identity)},
    }
    return [f"another {name}" for name, value in derived.items() if value != vectors[name]]


def _judge(case, secret):
    data = case["text"].encode() if "text" in case else base64.b64decode(case["base64"])
    standing = Standing(case.get("known_key"), case["standing"] == "evicted")
    seen = Mark(**case["seen"]) if case["seen"] else None
    try:
        open_record(data, case["type"], case["slot"], secret, standing, case["now"], seen)
    except Refused as refused:
        return refused.code
    return None


def check_roster(vectors):
    """Every step, and every refused one whose fault is in what encloses its operations."""
    wrong = []
    chains = {None: Chain(vectors["cluster"])}
    previous = None
    for index, step in enumerate(vectors["steps"]):
        chain = _copied(chains[previous])
        fault = _fault_of(chain, step["text"])
        if fault or (chain.digest, chain.members) != (step["roster"]["digest"], step["roster"]["members"]):
            wrong.append(f"{step['title']}: {fault or 'another roster'}")
        chains[index] = chain
        previous = index
    enclosing = [one for one in vectors["refused"] if one["fault"] not in ("not_allowed", "unreadable")]
    for refused in enclosing:
        fault = _fault_of(_copied(chains[refused["after"]]), refused["text"])
        if fault != refused["fault"]:
            wrong.append(f"{refused['title']}: {fault} instead of {refused['fault']}")
    return SimpleNamespace(judged=len(vectors["steps"]) + len(enclosing), wrong=wrong)


def _copied(chain):
    return Chain(chain.cluster_id, chain.epoch, chain.digest, chain.proved, dict(chain.members))


def _fault_of(chain, text):
    try:
        chain.take(text.encode())
    except Refused as refused:
        return refused.code
    return None
