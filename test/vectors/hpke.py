"""HPKE (RFC 9180), base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-GCM: sealing one message and opening it.

`python3 hpke.py` tries it on appendix A.1.1 of the RFC (AES-128-GCM). A fixed ephemeral key is for vectors alone.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

KEM = b"KEM" + (0x0020).to_bytes(2, "big")
HKDF_SHA256 = 0x0001
AES_128_GCM, AES_256_GCM = 0x0001, 0x0002
KEY_BYTES = {AES_128_GCM: 16, AES_256_GCM: 32}


def public(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def extract(suite, salt, label, ikm):
    return hmac.new(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, hashlib.sha256).digest()


def expand(suite, prk, label, info, length):
    """One block is enough: nothing here is longer than 32 bytes."""
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.new(prk, labeled + b"\x01", hashlib.sha256).digest()[:length]


def shared_secret(dh, enc, recipient):
    return expand(KEM, extract(KEM, b"", b"eae_prk", dh), b"shared_secret", enc + recipient, 32)


def key_and_nonce(secret, info, aead):
    suite = b"HPKE" + b"".join(each.to_bytes(2, "big") for each in (0x0020, HKDF_SHA256, aead))
    context = b"\x00" + extract(suite, b"", b"psk_id_hash", b"") + extract(suite, b"", b"info_hash", info)
    prk = extract(suite, secret, b"secret", b"")
    return expand(suite, prk, b"key", context, KEY_BYTES[aead]), expand(suite, prk, b"base_nonce", context, 12)


def seal(recipient, ephemeral, info, plaintext, aad=b"", aead=AES_256_GCM):
    """The encapsulated key and the ciphertext. ValueError for a point of low order."""
    enc = public(ephemeral)
    dh = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    key, nonce = key_and_nonce(shared_secret(dh, enc, recipient), info, aead)
    return enc, AESGCM(key).encrypt(nonce, plaintext, aad)


def open_sealed(private, enc, ciphertext, info, aad=b"", aead=AES_256_GCM):
    """The plaintext, or None for what does not open."""
    try:
        dh = private.exchange(X25519PublicKey.from_public_bytes(enc))
        key, nonce = key_and_nonce(shared_secret(dh, enc, public(private)), info, aead)
        return AESGCM(key).decrypt(nonce, ciphertext, aad)
    except (InvalidTag, ValueError):
        return None


def is_right():
    """RFC 9180, A.1.1, sequence number 0."""
    ephemeral = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736")
    )
    recipient = bytes.fromhex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d")
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    text = bytes.fromhex("4265617574792069732074727574682c20747275746820626561757479")
    enc, ciphertext = seal(recipient, ephemeral, info, text, bytes.fromhex("436f756e742d30"), AES_128_GCM)
    return (
        enc.hex() == "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
        and ciphertext.hex()
        == "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )


if __name__ == "__main__":
    print("A.1.1 comes out", "right" if is_right() else "wrong")
