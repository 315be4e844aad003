"""Join tickets and claims of docs/protocol/join.md in another language, written from that document alone.

`python3 tickets.py check` judges every case of tickets.json; `make` prints the file anew. Needs the package cryptography.
"""

import base64
import hashlib
import json
import re
import sys

sys.dont_write_bytecode = True

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from hpke import public
from records import b64, canonical, hkdf, in_subset, unb64
from vectors import CLUSTER_ID, Person, run, seed

HEAD = "atlas-fleet-ticket.v1."
ORIGIN = re.compile(r"https://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?")
MAX_CHARACTERS = 8192


def ticket_id(fields):
    rest = {name: value for name, value in fields.items() if name != "id"}
    return hashlib.sha256(b"atlas-fleet/ticket/2.0\n" + canonical(rest).encode()).hexdigest()[:16]


def ticket_seed(secret, cluster):
    return hkdf(secret, bytes.fromhex(cluster), b"atlas-fleet/2.0/ticket", 32)


def ticket_key(secret, cluster=CLUSTER_ID):
    return Ed25519PrivateKey.from_private_bytes(ticket_seed(secret, cluster))


def encode(content):
    return HEAD + base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def read_ticket(text):
    """Its fields, or None for what is no ticket."""
    if len(text) > MAX_CHARACTERS or not text.startswith(HEAD):
        return None
    body = text[len(HEAD) :]
    if not re.fullmatch(r"[A-Za-z0-9_-]*", body):
        return None
    try:
        content = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()
        fields = json.loads(content)
    except ValueError:
        return None
    if encode(content) != text or not isinstance(fields, dict) or not in_subset(fields):
        return None
    return fields if canonical(fields) == content and is_ticket(fields) else None


def is_ticket(fields):
    if set(fields) != {"id", "secret", "cluster", "servers", "epoch", "hash"}:
        return False
    servers = fields["servers"]
    return (
        is_hex(fields["id"], 16)
        and is_bytes32(fields["secret"])
        and is_hex(fields["cluster"], 32)
        and isinstance(servers, list)
        and 1 <= len(servers) <= 16
        and all(is_server(each) for each in servers)
        and isinstance(fields["epoch"], int)
        and not isinstance(fields["epoch"], bool)
        and fields["epoch"] >= 0
        and is_hex(fields["hash"], 64)
        and fields["id"] == ticket_id(fields)
    )


def is_hex(text, digits):
    return isinstance(text, str) and re.fullmatch(f"[0-9a-f]{{{digits}}}", text) is not None


def is_bytes32(text):
    return isinstance(text, str) and len(unb64(text) or b"") == 32


def is_server(server):
    if not isinstance(server, dict) or set(server) != {"url", "spki_sha256"}:
        return False
    url = server["url"]
    is_origin = isinstance(url, str) and ORIGIN.fullmatch(url) is not None and not url.endswith(":443")
    return is_origin and is_bytes32(server["spki_sha256"])


def claim_bytes(claim):
    return b"atlas-fleet/join/2.0\n" + canonical(claim).encode()


def is_signed(key, claim, signature):
    try:
        Ed25519PublicKey.from_public_bytes(unb64(key) or b"").verify(unb64(signature) or b"", claim_bytes(claim))
    except (InvalidSignature, ValueError):
        return False
    return True


# The file

SECRET = seed("a ticket")
JOINER = Person("server-02")
SPKI = b64(seed("a TLS key"))


def ticket(**changes):
    fields = {
        "secret": b64(SECRET),
        "cluster": CLUSTER_ID,
        "servers": [
            {"url": "https://server-01.example.org:8768", "spki_sha256": SPKI},
            {"url": "https://[2001:db8::7]", "spki_sha256": b64(seed("another TLS key"))},
        ],
        "epoch": 12,
        "hash": seed("a step").hex(),
        **changes,
    }
    return {"id": ticket_id(fields), **fields}


def make():
    good = ticket()
    claim = {
        "cluster": CLUSTER_ID,
        "ticket": good["id"],
        **JOINER.member,
        "nonce": b64(seed("a nonce")),
    }
    return {
        "comment": "docs/protocol/join.md. Made by tickets.py, which shares no code with the server. Seeds are hex, all else that is bytes base64. A claim is judged with the key of the ticket.",
        "text": encode(canonical(good)),
        "ticket": good,
        "ticket_seed": ticket_seed(SECRET, CLUSTER_ID).hex(),
        "ticket_key": b64(public(ticket_key(SECRET))),
        "joiner": JOINER.shown(),
        "claim": claim,
        "signed_bytes": claim_bytes(claim).decode(),
        "proof": b64(ticket_key(SECRET).sign(claim_bytes(claim))),
        "signature": b64(JOINER.identity.sign(claim_bytes(claim))),
        "no_tickets": list(no_tickets(good)),
        "claims": list(claims(claim)),
    }


def no_tickets(good):
    text = encode(canonical(good))
    case = lambda title, text: {"title": title, "text": text}
    made = lambda title, **changes: case(title, encode(canonical(ticket(**changes))))
    server = lambda url: [{"url": url, "spki_sha256": SPKI}]
    middle = len(text) // 2
    swapped = "A" if text[middle] != "A" else "B"
    yield case("nothing", "")
    yield case("of another version", text.replace(".v1.", ".v2."))
    yield case("of 8193 characters", HEAD.ljust(8193, "A"))
    yield case("a character changed", text[:middle] + swapped + text[middle + 1 :])
    yield case("a character lost", text[:middle] + text[middle + 1 :])
    yield case("with padding", text + "=")
    yield case("with a line feed behind it", text + "\n")
    yield case("in the other alphabet of base64", HEAD + "+/" + text[len(HEAD) + 2 :])
    yield case("not canonical", encode(json.dumps(good, indent=1)))
    yield case("an id that is no check sum", encode(canonical({**good, "id": "0123456789abcdef"})))
    yield made("a field more", note="x")
    yield case("a field less", encode(canonical({name: good[name] for name in good if name != "hash"})))
    yield made("a secret of 31 bytes", secret=b64(SECRET[:-1]))
    yield made("a cluster id in capitals", cluster="AB" * 16)
    yield made("no servers", servers=[])
    yield made("seventeen servers", servers=server("https://a.example") * 17)
    yield made("a server without a pin", servers=[{"url": "https://a.example"}])
    yield made("HTTP", servers=server("http://a.example"))
    yield made("a path", servers=server("https://a.example/"))
    yield made("a user", servers=server("https://me@a.example"))
    yield made("a host in capitals", servers=server("https://A.example"))
    yield made("the default port", servers=server("https://a.example:443"))
    yield made("an epoch below zero", epoch=-1)
    yield made("a hash of 31 bytes", hash="ab" * 31)


def claims(claim):
    """Each is judged with the right key: whether the ticket proves it, and whether the joiner signed it."""
    bytes_of = claim_bytes(claim)
    proof, signature = b64(ticket_key(SECRET).sign(bytes_of)), b64(JOINER.identity.sign(bytes_of))
    other = Person("server-03")

    def case(title, is_proved, is_signed, proof=proof, signature=signature, **changes):
        judged = {"claim": {**claim, **changes}, "proof": proof, "signature": signature}
        return {"title": title, **judged, "is_proved": is_proved, "is_signed": is_signed}

    yield case("as it was made", True, True)
    yield case("of another cluster", False, False, cluster="ffeeddccbbaa99887766554433221100")
    yield case("of another ticket", False, False, ticket="0123456789abcdef")
    yield case("another name", False, False, node_id="server-03")
    yield case("another identity key", False, False, identity_key=other.member["identity_key"])
    yield case("another sealing key", False, False, sealing_key=other.member["sealing_key"])
    yield case("another nonce", False, False, nonce=b64(seed("another nonce")))
    yield case("proved by another ticket", False, True, b64(ticket_key(seed("another ticket")).sign(bytes_of)))
    yield case("proved by this secret in another cluster", False, True, b64(ticket_key(SECRET, "ff" * 16).sign(bytes_of)))
    yield case("signed by another node", True, False, signature=b64(other.identity.sign(bytes_of)))
    yield case("the two signatures exchanged", False, False, signature, proof)
    yield case("signed without the prefix", True, False, signature=b64(JOINER.identity.sign(canonical(claim).encode())))
    yield case("a proof without its padding", False, True, proof.rstrip("="))


def check(file):
    fields = read_ticket(file["text"])
    if fields != file["ticket"]:
        yield "the ticket"
    secret, cluster = unb64(file["ticket"]["secret"]), file["ticket"]["cluster"]
    if ticket_seed(secret, cluster).hex() != file["ticket_seed"]:
        yield "its seed"
    if b64(public(ticket_key(secret, cluster))) != file["ticket_key"]:
        yield "its key"
    if claim_bytes(file["claim"]).decode() != file["signed_bytes"]:
        yield "the signed bytes"
    for each in file["no_tickets"]:
        if read_ticket(each["text"]) is not None:
            yield each["title"]
    for each in file["claims"]:
        if is_signed(file["ticket_key"], each["claim"], each["proof"]) != each["is_proved"]:
            yield f"{each['title']}: proof"
        if is_signed(each["claim"]["identity_key"], each["claim"], each["signature"]) != each["is_signed"]:
            yield f"{each['title']}: signature"


if __name__ == "__main__":
    run(__file__, make, check)
