"""Keys of docs/protocol/records.md: what a cluster secret derives, a node's own, and the base64 they are in."""

import base64
import binascii
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text, length=None):
    """The bytes of padded, canonical base64; None for every other text."""
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        return None
    return data if b64(data) == text and length in (None, len(data)) else None


def public_text(private_key):
    raw = private_key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return b64(raw)


def is_signed_by(key_text, signature_text, data):
    key, signature = unb64(key_text, 32), unb64(signature_text, 64)
    if key is None or signature is None:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


class ClusterSecret:
    """One secret in one cluster. Without a cluster id it derives the one that a bare configuration has."""

    def __init__(self, text, cluster_id=None):
        self._secret = unb64(text)
        if self._secret is None or len(self._secret) < 32:
            raise ValueError("a cluster secret is base64 of at least 32 bytes")
        self.key_id = self._derive(8, "key-id").hex()
        self.cluster_id = cluster_id or self._derive(16, "atlas-fleet/2.0/cluster-id").hex()

    def mac(self, purpose, data):
        """`purpose`: `record/node`, `record/heartbeat` or `roster`."""
        return hmac.digest(self.mac_key(purpose), data, "sha256")

    def mac_key(self, purpose):
        return self._derive(32, f"atlas-fleet/2.0/{purpose}", bytes.fromhex(self.cluster_id))

    def _derive(self, length, info, salt=None):
        return HKDF(hashes.SHA256(), length, salt, info.encode()).derive(self._secret)


class NodeKeys:
    """What a node makes once and keeps to itself."""

    def __init__(self):
        self.identity = Ed25519PrivateKey.generate()
        self.identity_text = public_text(self.identity)
        self.sealing_text = public_text(X25519PrivateKey.generate())
