"""Prints the known answers of `crypt/vectors.rs`, by the formats' descriptions and with nothing of
Dipper: PyPI `cryptography` and `pynacl`. What stands there was made with 50.0 and 1.6."""

import base64
import hashlib
import hmac

import nacl.bindings
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESOCB3, ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CHUNK = 65536
LENGTHS = [0, 1, 65536, 65537, 200_000]
PASSPHRASE = "correct horse Bätterie".encode()


def content(length):
    return bytes((i * 7 + i // 256) % 256 for i in range(length))


def say(name, data):
    print(name, data.hex())


def sums(name, make):
    for length in LENGTHS:
        print(name, length, hashlib.sha256(make(content(length))).hexdigest())


def b64(data):
    return base64.b64encode(data).rstrip(b"=")


def hkdf(key, salt, info):
    return HKDF(SHA256(), 32, salt, info).derive(key)


def pieces(data):
    return [data[i : i + CHUNK] for i in range(0, len(data), CHUNK)]


def age_header(file_key, stanza):
    text = b"age-encryption.org/v1\n" + stanza + b"---"
    mac = hmac.new(hkdf(file_key, None, b"header"), text, hashlib.sha256).digest()
    return text + b" " + b64(mac) + b"\n"


def age_payload(key, data):
    cipher, out, parts = ChaCha20Poly1305(key), b"", pieces(data) or [b""]
    for i, part in enumerate(parts):
        nonce = i.to_bytes(11, "big") + bytes([i + 1 == len(parts)])
        out += cipher.encrypt(nonce, part, None)
    return out


def age():
    file_key, nonce = bytes(range(16)), bytes(range(100, 116))
    identity, ephemeral = (X25519PrivateKey.from_private_bytes(bytes([n] * 32)) for n in (3, 4))
    raw = lambda key: key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    salt = raw(ephemeral) + raw(identity)
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(raw(identity)))
    wrap = hkdf(shared, salt, b"age-encryption.org/v1/X25519")
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    head = age_header(file_key, b"-> X25519 " + b64(raw(ephemeral)) + b"\n" + b64(body) + b"\n")
    key = hkdf(file_key, nonce, b"payload")
    say("AGE_IDENTITY", bytes([3] * 32))
    say("AGE_RECIPE", bytes([1, 2]) + key + head + nonce)
    say("AGE_FILE", head + nonce + age_payload(key, content(100)))
    sums("age", lambda data: head + nonce + age_payload(key, data))
    salt = bytes(range(50, 66))
    wrap = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**10, 8, 1).derive(PASSPHRASE)
    body = ChaCha20Poly1305(wrap).encrypt(bytes(12), file_key, None)
    head = age_header(file_key, b"-> scrypt " + b64(salt) + b" 10\n" + b64(body) + b"\n")
    say("AGE_SCRYPT_FILE", head + nonce + age_payload(key, content(100)))


def rclone_file(key, nonce, data):
    out = b"RCLONE\0\0" + nonce
    for i, part in enumerate(pieces(data)):
        at = ((int.from_bytes(nonce, "little") + i) % 2**192).to_bytes(24, "little")
        out += nacl.bindings.crypto_secretbox(part, at, key)
    return out


def rclone():
    salt = bytes.fromhex("a80df43a8fbd0308a7cab83e581f86b1")
    key = hashlib.scrypt(PASSPHRASE, salt=salt, n=16384, r=8, p=1, maxmem=2**26, dklen=80)[:32]
    # The first chunks carry over into the nonce's upper bytes.
    nonce = b"\xfe" + b"\xff" * 8 + bytes(range(15))
    say("RCLONE_RECIPE", bytes([1, 3]) + key + nonce)
    sums("rclone", lambda data: rclone_file(key, nonce, data))


def s2k(salt, count, size):
    out, unit = b"", salt + PASSPHRASE
    total = max((16 + (count & 15)) << ((count >> 4) + 6), len(unit))
    for zeros in range(-(-size // 32)):
        stretch = (unit * (total // len(unit) + 1))[:total]
        out += hashlib.sha256(bytes(zeros) + stretch).digest()
    return out[:size]


def cfb(key, data):
    cipher = Cipher(algorithms.AES(key), CFB(bytes(16))).encryptor()
    return cipher.update(data) + cipher.finalize()


def packet(tag, body):
    """The last part has its length in the shortest form, those before it 64 KiB each."""
    out = bytes([0xC0 | tag])
    while len(body) > CHUNK:
        out, body = out + b"\xf0" + body[:CHUNK], body[CHUNK:]
    if len(body) < 192:
        size = bytes([len(body)])
    elif len(body) < 8384:
        size = bytes([(len(body) - 192 >> 8) + 192, len(body) - 192 & 255])
    else:
        size = b"\xff" + len(body).to_bytes(4, "big")
    return out + size + body


def literal(data):
    return packet(11, b"b\0" + bytes(4) + data)


def openpgp():
    key, prefix, salt = bytes(range(32)), bytes(range(60, 76)), bytes(range(8))
    spec = bytes([3, 8]) + salt + b"\x60"
    head = packet(3, b"\x04\x09" + spec + cfb(s2k(salt, 0x60, 32), b"\x09" + key))

    def message(data):
        plain = prefix + prefix[-2:] + literal(data) + b"\xd3\x14"
        return head + packet(18, b"\x01" + cfb(key, plain + hashlib.sha1(plain).digest()))

    say("OPENPGP_RECIPE", bytes([1, 1]) + key + prefix + head)
    say("OPENPGP_FILE", message(content(100)))
    sums("openpgp", message)
    # LibrePGP's OCB: session key packet version 5, chunks of 64 bytes.
    iv, wrap_iv = bytes(range(30, 45)), bytes(range(15))
    info = b"\xc3\x05\x09\x02"
    wrapped = AESOCB3(s2k(salt, 0x60, 32)).encrypt(wrap_iv, key, info)
    out, data = b"", literal(content(300))
    parts = [data[i : i + 64] for i in range(0, len(data), 64)]
    at = lambda i: iv[:7] + (int.from_bytes(iv[7:], "big") ^ i).to_bytes(8, "big")
    info = b"\xd4\x01\x09\x02\x00"
    for i, part in enumerate(parts):
        out += AESOCB3(key).encrypt(at(i), part, info + i.to_bytes(8, "big"))
    i, size = len(parts), len(data).to_bytes(8, "big")
    out += AESOCB3(key).encrypt(at(i), b"", info + i.to_bytes(8, "big") + size)
    head = packet(3, b"\x05\x09\x02" + spec + wrap_iv + wrapped)
    say("OPENPGP_OCB_FILE", head + packet(20, b"\x01\x09\x02\x00" + iv + out))


age()
rclone()
openpgp()
