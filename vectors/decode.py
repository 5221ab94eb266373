#!/usr/bin/env python3
"""The second decoder: reads the vectors and docs/SPEC.md's rules without any code of the house.

Python's standard library only. It decodes every vector below this folder by itself and compares
what it finds with what the vector expects; the Rust tests do the same with the real code, so the
two agree on every byte or one of them fails. Exit code 1 on the first disagreement and more.

A vector is a text file of `key: value` lines; a key may come again.
  hex:    bytes; blanks do not matter; `03*352` is the byte 03, 352 times
  text:   text; several lines are joined by line feeds
  secret: the secret of a file
  keys:   the stored keys of a log: write seed 32, name 16, envelope key 32
  expect: ok, or the name of the refusal
  is:     one field of what was read, `name = value`
"""
import base64
import hashlib
import hmac
import pathlib
import re
import struct
import sys

STEPS = [352, 512, 1024, 3072, 4608, 6144, 16384, 65536]
FRAME_BODY_BYTES_MAX = 262144
ENTRIES_BYTES_MAX = 196608
WHITE = set("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {chr(c) for c in range(0x2000, 0x200B)}


class Refused(Exception):
    """The bytes are not what they should be; says in one word what was wrong."""


class Reader:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        if count > len(self.data):
            raise Refused("short")
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, count):
        return int.from_bytes(self.take(count), "big")

    def end(self):
        if self.data:
            raise Refused("trailing")


# -- wire: boxes, frames, addresses, links (SPEC 2 to 4)

def box(data):
    if len(data) not in STEPS:
        raise Refused("size")
    return f"{len(data)}:{hashlib.sha256(data).hexdigest()[:16]}"


def log_name(key):
    return hashlib.sha256(b"sogon log 1" + key).digest()[:16]


def frame(data, kinds):
    if len(data) < 6:
        raise Refused("more")
    kind, tag, length = data[0], int.from_bytes(data[1:3], "big"), int.from_bytes(data[3:6], "big")
    if length > FRAME_BODY_BYTES_MAX:
        raise Refused("too-large")
    if len(data) < 6 + length:
        raise Refused("more")
    if kind not in kinds:
        raise Refused("kind")
    name, parse = kinds[kind]
    reader = Reader(data[6:6 + length])
    fields = parse(reader)
    reader.end()
    return [("kind", name), ("tag", tag), ("used", 6 + length)] + fields


def append(reader):
    key, signature = reader.take(32), reader.take(64)
    return [("key", key.hex()), ("signature", signature.hex()), ("box", box(reader.take(len(reader.data))))]


def read(reader):
    fields = [("log", reader.take(16).hex()), ("after", reader.number(8)), ("bytes_max", reader.number(4))]
    if fields[2][1] > ENTRIES_BYTES_MAX:
        raise Refused("too-large")
    return fields


def entries(reader):
    log, first, head = reader.take(16).hex(), reader.number(8), reader.number(8)
    boxes = []
    while reader.data:
        step = reader.number(1)
        if step >= len(STEPS):
            raise Refused("size")
        boxes.append(("box", box(reader.take(STEPS[step]))))
    if first + len(boxes) >= 1 << 64 or boxes and (first == 0 or first + len(boxes) - 1 > head):
        raise Refused("too-large")
    return [("log", log), ("from", first), ("head", head)] + boxes


def refused(reader):
    why, names = reader.number(1), ["signature", "full", "busy", "stopping", "fault"]
    if not 1 <= why <= len(names):
        raise Refused("kind")
    return [("why", names[why - 1]), ("wait_s", reader.number(2))]


def about(reader):
    names = [("version", 2), ("keep_s", 4), ("log_boxes_max", 4), ("watches_max", 4)]
    return [(name, reader.number(count)) for name, count in names]


def speech(reader):
    if len(reader.data) > 320:
        raise Refused("too-large")
    if not reader.data:
        raise Refused("short")
    return [("packet", reader.take(len(reader.data)).hex())]


REQUESTS = {
    0x01: ("append", append),
    0x02: ("read", read),
    0x03: ("watch", lambda r: [("log", r.take(16).hex()), ("after", r.number(8))]),
    0x04: ("unwatch", lambda r: [("log", r.take(16).hex())]),
    0x05: ("about", lambda r: []),
    0x06: ("enter", lambda r: [("key", r.take(32).hex()), ("signature", r.take(64).hex())]),
    0x07: ("speak", speech),
}
REPLIES = {
    0x81: ("appended", lambda r: [("seq", r.number(8))]),
    0x82: ("entries", entries),
    0x83: ("refused", refused),
    0x85: ("about", about),
    0x86: ("entered", lambda r: [("others", r.number(1)), ("proof", r.number(4))]),
    0x87: ("heard", speech),
}


def base64url(text, why):
    """Strict: no padding, no other letters, no bits left over."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Refused(why)
    if base64.urlsafe_b64encode(data).rstrip(b"=") != text.encode():
        raise Refused(why)
    return data


def place(host, port, fingerprint):
    if not re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", host, re.A) or port == 0:
        raise Refused("form")
    return [("host", host.lower()), ("port", port), ("fingerprint", fingerprint.hex())]


def relay_address(text):
    text = "".join(text).strip("".join(WHITE))
    found = re.fullmatch(r"sogon-relay://([^#]*):([^:#]*)#(.*)", text, re.S)
    if not found:
        raise Refused("form")
    host, port, print_ = found.groups()
    bare = re.fullmatch(r"\[(.*)\]", host, re.S)
    if not bare and (":" in host or host.startswith("[")):
        raise Refused("form")
    host = bare.group(1) if bare else host
    if not re.fullmatch(r"\+?[0-9]+", port, re.A) or int(port) > 65535:
        raise Refused("form")
    fingerprint = base64url(print_, "form")
    if len(fingerprint) != 32:
        raise Refused("form")
    return place(host, int(port), fingerprint)


def invite(text):
    text = "".join(c for c in text if c not in WHITE)[:1024]
    if not text.startswith("sogon://invite#"):
        raise Refused("form")
    data = base64url(text[len("sogon://invite#"):], "damaged")
    data, check = data[:-4], data[-4:]
    if len(check) < 4 or hashlib.sha256(b"sogon invite 1" + data).digest()[:4] != check:
        raise Refused("damaged")
    reader = Reader(data)
    if reader.number(1) != 1:
        raise Refused("version")
    uses = reader.number(1)
    if uses > 1:
        raise Refused("kind")
    secret, fingerprint, port = reader.take(32), reader.take(32), reader.number(2)
    try:
        host = reader.data.decode()
    except UnicodeDecodeError:
        raise Refused("form")
    return [("uses", ["one", "many"][uses]), ("secret", secret.hex())] + place(host, port, fingerprint)


# -- seal: signatures, envelopes, keys from a secret (SPEC 2.2, 3.2, 5)

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def add(a, b):
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, point):
    total = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = add(total, point)
        point, n = add(point, point), n >> 1
    return total


def unpack(data):
    y, sign = int.from_bytes(data, "little") % 2**255, data[31] >> 7
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * pow(2, (P - 1) // 4, P) % P
    if v * x * x % P != u:
        return None
    x = P - x if x % 2 != sign else x
    return x % P, y % P, 1, x * y % P


def pack(point):
    x, y, z, _ = point
    x, y = x * pow(z, -1, P) % P, y * pow(z, -1, P) % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = unpack((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def public_key(seed):
    n = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return pack(times(n & (1 << 254) - 8 | 1 << 254, BASE))


def is_signed(key, message, signature):
    a, r, s = unpack(key), unpack(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or any(pack(times(8, p)) == pack(times(0, p)) for p in (a, r)):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return pack(add(times(s, BASE), times(L - h, a))) == signature[:32]


def posting(data):
    try:
        fields = dict(frame(data, {0x01: REQUESTS[0x01]}))
    except Refused:
        raise Refused("not-a-posting")
    key, signature, boxed = data[6:38], data[38:102], data[102:]
    if fields["used"] != len(data) or not is_signed(key, b"sogon append 1" + boxed, signature):
        raise Refused("not-a-posting")
    return [("log", log_name(key).hex()), ("box", fields["box"])]


def quarter(x, a, b, c, d):
    for one, other, third, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        x[one] = (x[one] + x[other]) % 2**32
        x[third] = (x[third] ^ x[one]) << turn
        x[third] = (x[third] | x[third] >> 32) % 2**32


def chacha20(key, nonce, counter):
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce))
    x = state[:]
    for _ in range(10):
        for n in range(4):
            quarter(x, n, n + 4, n + 8, n + 12)
        for n in range(4):
            quarter(x, n, (n + 1) % 4 + 4, (n + 2) % 4 + 8, (n + 3) % 4 + 12)
    return struct.pack("<16I", *((a + b) % 2**32 for a, b in zip(x, state)))


def stream(key, nonce, data):
    pad = b"".join(chacha20(key, nonce, n + 1) for n in range(-(-len(data) // 64)))
    return bytes(a ^ b for a, b in zip(data, pad))


def poly1305(key, nonce, sealed, beside=b""):
    head = chacha20(key, nonce, 0)
    r, s = int.from_bytes(head[:16], "little"), int.from_bytes(head[16:32], "little")
    r, total = r & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, 0
    data = b"".join(its + bytes(-len(its) % 16) for its in (beside, sealed))
    data += struct.pack("<QQ", len(beside), len(sealed))
    for n in range(0, len(data), 16):
        total = (total + int.from_bytes(data[n:n + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((total + s) % 2**128).to_bytes(16, "little")


KINDS = ["message", "commit", "closing", "package", "welcome", "rescue", "piece", "carried"]


def open_envelope(data, keys):
    box(data)
    key, nonce, sealed, tag = keys[48:], data[:12], data[12:-16], data[-16:]
    if not hmac.compare_digest(poly1305(key, nonce, sealed), tag):
        raise Refused("unopenable")
    plain = stream(key, nonce, sealed)
    length = int.from_bytes(plain[1:3], "big")
    if plain[0] >= len(KINDS) or length > len(plain) - 3 or any(plain[3 + length:]):
        raise Refused("unopenable")
    return KINDS[plain[0]], plain[3:3 + length]


def envelope(data, keys):
    if log_name(public_key(keys[:32])) != keys[32:48]:
        raise Refused("another log")
    kind, payload = open_envelope(data, keys)
    return [("kind", kind), ("payload", f"{len(payload)}:{hashlib.sha256(payload).hexdigest()[:16]}")]


def closing(data, keys):
    kind, payload = open_envelope(data, keys)
    if kind != "closing" or len(payload) < 20 or payload[20:] not in (b"", b"\1"):
        raise Refused("unopenable")
    found = [("commit", payload[:16].hex()), ("author", int.from_bytes(payload[16:20], "big"))]
    return found + ([("moved", "true")] if payload[20:] else [])


def hkdf(secret, label):
    return hmac.digest(hmac.digest(bytes(32), secret, "sha256"), label + b"\1", "sha256")


def invite_keys(secret):
    fields = []
    for name in ("package", "answer"):
        seed = hkdf(secret, b"sogon invite " + name.encode() + b" write ")
        key = hkdf(secret, b"sogon invite " + name.encode() + b" envelope ")
        fields.append((name, (seed + log_name(public_key(seed)) + key).hex()))
    return fields


def file_keys(secret):
    seed, key = hkdf(secret, b"sogon file write "), hkdf(secret, b"sogon file envelope ")
    return [("log", log_name(public_key(seed)).hex()), ("key", key.hex())]


def piece(data, secret):
    key = hkdf(secret, b"sogon file envelope ")
    kind, payload = open_envelope(data, bytes(48) + key)
    if kind != "piece" or len(payload) < 4:
        raise Refused("unopenable")
    index, rest = payload[:4], payload[4:]
    if data[:12] != hkdf(key, b"sogon file nonce " + index)[:12]:
        raise Refused("another nonce")
    return [("index", int.from_bytes(index, "big")), ("bytes", f"{len(rest)}:{hashlib.sha256(rest).hexdigest()[:16]}")]


# -- carried by hand (SPEC 13)

def parcel(data):
    if len(data) > 4194304:
        raise Refused("too-large")
    reader = Reader(data)
    if reader.number(1) != 1:
        raise Refused("version")
    found = []
    while reader.data:
        seq, step = reader.number(8), reader.number(1)
        if step >= len(STEPS):
            raise Refused("size")
        found += [("seq", seq), ("box", box(reader.take(STEPS[step])))]
    return found


def freight(data):
    if len(data) > 4194304:
        raise Refused("too-large")
    reader = Reader(data)
    if reader.number(1) != 2:
        raise Refused("version")
    found = [("log", log_name(reader.take(32)).hex())]
    while reader.data:
        signature, step = reader.take(64), reader.number(1)
        if step >= len(STEPS):
            raise Refused("size")
        found += [("signature", signature.hex()), ("box", box(reader.take(STEPS[step])))]
    return found


def symbol(data):
    reader = Reader(data)
    name, length, place = reader.take(8), reader.number(4), reader.number(4)
    if len(reader.data) not in (976, 304):
        raise Refused("size")
    if length > 4194304 or place >= 1 << 24:
        raise Refused("too-large")
    if length == 0:
        raise Refused("short")
    rest = reader.data
    return [("parcel", name.hex()), ("length", length), ("place", place), ("symbol", f"{len(rest)}:{hashlib.sha256(rest).hexdigest()[:16]}")]


def block(data, keys):
    key = hkdf(keys[48:], b"sogon carry 1")
    kind, payload = open_envelope(data, bytes(48) + key)
    if kind != "carried":
        raise Refused("unopenable")
    return symbol(payload)


def words(text):
    found = []
    for word in text.split():
        for decode in (lambda: base64.b32decode(word + "=" * (-len(word) % 8)), lambda: base64url(word, "form")):
            try:
                found.append(("box", box(decode())))
                break
            except (ValueError, Refused):
                continue
    return found


def safety_number(data):
    small, large = sorted((data[:32], data[32:]))
    digest = hashlib.sha512(b"sogon safety number 1" + small + large).digest()
    pieces = [int.from_bytes(digest[n:n + 5], "big") % 100000 for n in range(0, 60, 5)]
    return [("number", " ".join(f"{piece:05}" for piece in pieces))]


# -- content in CBOR (SPEC 6)

def cbor(reader):
    first = reader.number(1)
    major, low = first >> 5, first & 31
    if low > 27 or major == 6 or major == 7 and low not in (20, 21, 22):
        raise Refused("not-content")
    value = low if low < 24 or major == 7 else reader.number(1 << low - 24)
    if major in (2, 3):
        data = reader.take(value)
        return data if major == 2 else data.decode()
    if major == 4:
        return [cbor(reader) for _ in range(value)]
    if major == 5:
        return {cbor(reader): cbor(reader) for _ in range(value)}
    return value if major == 0 else {20: False, 21: True, 22: None}.get(value, Refused)


def charter(data):
    fields = cbor(Reader(data))
    group, relay, rescue, title = (fields[n] for n in range(4))
    found = [("group", str(group).lower()), ("relay", relay), ("rescue", rescue.hex()), ("title", title)]
    found += [("mirror", mirror) for mirror in fields.get(4) or []]
    return found + ([("at", fields[5])] if fields.get(5) else [])


def content(data):
    try:
        reader = Reader(data)
        fields = cbor(reader)
        reader.end()
        receipt = fields.get(5) or {}
        gaps = [receipt.get(n) or [] for n in (2, 3)]
        sizes = [(fields.get(n), 8) for n in (1, 4)] + [(receipt.get(n), 4) for n in (1, 4)]
        earlier = receipt.get(5) or []
        marks = receipt.get(6) or []
        if len(marks) > 512 or any(len(its) != 8 for its in marks):
            raise Refused("not-content")
        files = receipt.get(7) or []
        if len(files) > 16 or any(len(its[0]) != 8 or len(its[1]) > 16 for its in files):
            raise Refused("not-content")
        if any(len(its) > 32 for its in gaps + [earlier]) or any(its is not None and len(its) != n for its, n in sizes):
            raise Refused("not-content")
        found = [("kind", fields[0])]
        offer = fields.get(60)
        if offer is not None and [len(offer[n]) for n in (0, 1, 4)] != [16, 32, 32]:
            raise Refused("not-content")
        also = fields.get(8) or []
        if len(also) > 64 or any(len(its[1]) != 8 or not isinstance(its[3], str) for its in also):
            raise Refused("not-content")
    except (Refused, AttributeError, KeyError, TypeError, UnicodeDecodeError):
        raise Refused("not-content")
    names = {1: "id", 2: "at_s", 3: "text", 4: "reply_to", 6: "bytes", 20: "fades_s", 21: "turn"}

    def named(fields, prefix=""):
        for n, name in names.items():
            if fields.get(n) is not None:
                its = fields[n]
                found.append((prefix + name, its.hex() if isinstance(its, bytes) else its))

    named(fields)
    for place, its in enumerate(also):
        named(its, f"also[{place}].")
    if receipt:
        found.append(("read.seq", receipt[0]))
        found += [("read.chain", receipt[1].hex())] if receipt.get(1) else []
        for name, its in zip(("read.gaps", "read.gaps_before"), gaps):
            found += [(name, f"{first}-{last}") for first, last in its]
        found += [("read.chain_before", receipt[4].hex())] if receipt.get(4) else []
        found += [("read.gaps_earlier", f"{epoch}: {first}-{last}") for epoch, first, last in earlier]
        found += [("read.by_hand", its.hex()) for its in marks]
        found += [("read.files", " ".join([its.hex()] + [f"{first}-{last}" for first, last in missing])) for its, missing in files]
    if fields.get(60) is not None:
        its = fields[60]
        found += [("file.log", its[0].hex()), ("file.key", its[1].hex()), ("file.bytes", its[2])]
        found += [("file.step", its[3]), ("file.hash", its[4].hex())]
        rest = {5: "name", 6: "media", 7: "voice_ms", 8: "rules"}
        found += [("file." + name, its[n]) for n, name in rest.items() if its.get(n) is not None]
    if fields.get(7):
        found.append(("part", f"{fields[7][1]} of {fields[7][2]} of {fields[7][0].hex()}"))
    return found


# -- packets (SPEC 10)

def step(secret, info):
    return hmac.digest(secret, b"sogon packet " + info + b" 1\1", "sha256")


def visit(secret):
    call = step(secret, b"call")
    found = [("id", step(secret, b"id")[:8].hex()), ("next", step(secret, b"next").hex())]
    return found + [("call", step(call, b"id")[:8].hex())]


def datagram(data, secret, side):
    head = 9 if side == b"questions" else 1
    fits = head + 28 <= len(data) <= 1232 and data[0] >> 6 == 1
    if not fits or head == 9 and data[1:9] != step(secret, b"id")[:8]:
        raise Refused("unopenable")
    beside, nonce, sealed, tag = data[:head], data[head:head + 12], data[head + 12:-16], data[-16:]
    key = step(secret, side)
    if not hmac.compare_digest(poly1305(key, nonce, sealed, beside), tag):
        raise Refused("unopenable")
    return [("plain", stream(key, nonce, sealed).hex())]


def sealed_direct(data, secret):
    if not 29 <= len(data) <= 1232 or data[0] >> 6 != 1:
        raise Refused("unopenable")
    nonce, sealed, tag = data[1:13], data[13:-16], data[-16:]
    key = hmac.digest(secret, b"sogon direct caller 1\1", "sha256")
    if not hmac.compare_digest(poly1305(key, nonce, sealed, data[:1]), tag):
        raise Refused("unopenable")
    return [("plain", stream(key, nonce, sealed).hex())]


def greeting_datagram(data, fingerprint, side):
    head = 9 if side == b"questions" else 1
    its_id = data[1:9] if head == 9 else step(fingerprint, b"id")[:8]
    if not head + 28 <= len(data) <= 1232 or data[0] >> 6 != 1:
        raise Refused("unopenable")
    beside, nonce, sealed, tag = data[:head], data[head:head + 12], data[head + 12:-16], data[-16:]
    key = hmac.digest(fingerprint, b"sogon greeting " + side + b" 1" + its_id + b"\1", "sha256")
    if not hmac.compare_digest(poly1305(key, nonce, sealed, beside), tag):
        raise Refused("unopenable")
    return [("plain", stream(key, nonce, sealed).hex())]


def greeting(data):
    if len(data) > 1190:
        raise Refused("too-large")
    r = Reader(data)
    if r.number(1) != 1:
        raise Refused("version")
    number, proof, since, till, end, offset, length = r.number(2), r.number(4), *(r.number(2) for _ in range(5))
    if max(end, till) > 16384:
        raise Refused("too-large")
    if offset + length > end or since > till:
        raise Refused("size")
    found = [("number", number), ("proof", proof), ("wanted", f"{since} to {till}"), ("end", end)]
    return found + [("offset", offset), ("part", r.take(length).hex()), ("rest", r.data.hex())]


def varint(reader):
    first = reader.number(1)
    count = 1 << (first >> 6)
    value = int.from_bytes(bytes([first & 63]) + reader.take(count - 1), "big")
    if count > 1 and value < 1 << {2: 6, 4: 14, 8: 30}[count]:
        raise Refused("form")
    return value


def step_box(reader):
    step = reader.number(1)
    if step >= len(STEPS):
        raise Refused("size")
    return box(reader.take(STEPS[step]))


def order(reader):
    value = varint(reader)
    if value > 65535:
        raise Refused("too-large")
    return value


def spoken(reader):
    length = varint(reader)
    if length > 320:
        raise Refused("too-large")
    if length == 0:
        raise Refused("short")
    return [("packet", reader.take(length).hex())]


def whence(r):
    family = r.number(1)
    if family not in (4, 6):
        raise Refused("kind")
    host, port = r.take({4: 4, 6: 16}[family]), r.number(2)
    if port == 0:
        raise Refused("form")
    return [("host", host.hex()), ("port", port)]


def direct(data):
    r = Reader(data)
    what, number = r.number(1), r.number(4)
    if what > 2:
        raise Refused("kind")
    if what == 2:
        found = [("item", "at"), ("number", number)] + whence(r)
    else:
        length = r.number(2)
        if length > 320:
            raise Refused("too-large")
        if length == 0:
            raise Refused("short")
        found = [("item", "speech"), ("hears", what), ("number", number), ("packet", r.take(length).hex())]
    if any(r.data):
        raise Refused("trailing")
    return found


def asked_append(r):
    found = [("order", order(r)), ("key", r.take(32).hex()), ("signature", r.take(64).hex())]
    return found + [("box", step_box(r))]


def asked_read(r):
    log, after, till, most = r.take(16).hex(), varint(r), varint(r), varint(r)
    if most > ENTRIES_BYTES_MAX or 0 < till <= after:
        raise Refused("too-large")
    return [("log", log), ("after", after), ("till", till), ("bytes_max", most)]


def asked_piece(r):
    turn, of, count, index, length = order(r), r.take(8).hex(), r.number(1), r.number(1), varint(r)
    fits = 1 <= length <= 1140 if index + 1 == count else length == 1140
    if count > 58 or index >= count or not fits:
        raise Refused("too-large")
    found = [("order", turn), ("of", of), ("count", count), ("index", index)]
    return found + [("bytes", r.take(length).hex())]


def holdings(r):
    first, till, head = varint(r), varint(r), varint(r)
    if first == 0 or till != first - 1 and not first <= till <= head:
        raise Refused("too-large")
    return [("first", first), ("till", till), ("head", head)], lambda seq: first <= seq <= till


def boxes(r):
    (found, brings), start, count = holdings(r), varint(r), r.number(1)
    found += [("from", start)] + [("box", step_box(r)) for _ in range(count)]
    if count and not (brings(start) and brings(start + count - 1)):
        raise Refused("too-large")
    return found


def told_piece(r):
    (found, brings), seq, step, index = holdings(r), varint(r), r.number(1), r.number(1)
    if step >= len(STEPS):
        raise Refused("size")
    if not brings(seq) or index >= -(-STEPS[step] // 1140):
        raise Refused("too-large")
    data = r.take(min(1140, STEPS[step] - index * 1140))
    return found + [("seq", seq), ("step", step), ("index", index), ("bytes", data.hex())]


QUESTIONS = {
    0x01: ("append", asked_append),
    0x02: ("read", asked_read),
    0x05: ("about", lambda r: []),
    0x06: ("piece", asked_piece),
    0x07: ("missing", lambda r: [("log", r.take(16).hex()), ("seq", varint(r)), ("wanted", r.number(8))]),
    0x0a: ("speak", spoken),
    0x0b: ("where", lambda r: []),
}
ANSWERS = {
    0x81: ("appended", lambda r: [("seq", varint(r))]),
    0x82: ("boxes", boxes),
    0x83: ("refused", refused),
    0x85: ("about", about),
    0x86: ("piece", told_piece),
    0x87: ("held", lambda r: [("of", r.take(8).hex()), ("pieces", r.number(8))]),
    0x88: ("quiet", lambda r: []),
    0x89: ("waiting", lambda r: []),
    0x8a: ("heard", spoken),
    0x8b: ("seen", whence),
}


def packet(data, kinds, equal):
    if len(data) > 1190:
        raise Refused("too-large")
    reader, count = Reader(data), 0
    found = [("number", reader.number(2)), ("proof", reader.number(4))]
    while reader.data:
        kind = reader.number(1)
        if kind == 0:
            if any(reader.data):
                raise Refused("kind")
            break
        count += 1
        if count > 512:
            raise Refused("too-large")
        if kind == equal:
            found.append(("item", "equal"))
            continue
        tag = reader.number(2)
        if kind not in kinds:
            raise Refused("kind")
        name, parse = kinds[kind]
        found += [("item", name), ("tag", tag)] + parse(reader)
    return found


OBJECTS = {
    "request": lambda v: frame(v["hex"], REQUESTS),
    "reply": lambda v: frame(v["hex"], REPLIES),
    "box": lambda v: [("box", box(v["hex"]))],
    "log-name": lambda v: [("log", log_name(v["hex"]).hex())],
    "relay-address": lambda v: relay_address(v["text"]),
    "invite": lambda v: invite(v["text"]),
    "posting": lambda v: posting(v["hex"]),
    "envelope": lambda v: envelope(v["hex"], v["keys"]),
    "closing": lambda v: closing(v["hex"], v["keys"]),
    "invite-keys": lambda v: invite_keys(v["hex"]),
    "file-keys": lambda v: file_keys(v["hex"]),
    "piece": lambda v: piece(v["hex"], v["secret"]),
    "safety-number": lambda v: safety_number(v["hex"]),
    "charter": lambda v: charter(v["hex"]),
    "content": lambda v: content(v["hex"]),
    "visit": lambda v: visit(v["secret"]),
    "sealed-question": lambda v: datagram(v["hex"], v["secret"], b"questions"),
    "sealed-answer": lambda v: datagram(v["hex"], v["secret"], b"answers"),
    "questions": lambda v: packet(v["hex"], QUESTIONS, 0x08),
    "answers": lambda v: packet(v["hex"], ANSWERS, None),
    "greeting": lambda v: greeting(v["hex"]),
    "greeting-question": lambda v: greeting_datagram(v["hex"], v["secret"], b"questions"),
    "greeting-answer": lambda v: greeting_datagram(v["hex"], v["secret"], b"answers"),
    "direct": lambda v: direct(v["hex"]),
    "sealed-direct": lambda v: sealed_direct(v["hex"], v["secret"]),
    "parcel": lambda v: parcel(v["hex"]),
    "freight": lambda v: freight(v["hex"]),
    "symbol": lambda v: symbol(v["hex"]),
    "block": lambda v: block(v["hex"], v["keys"]),
    "words": lambda v: words(v["text"]),
}


def unhex(text):
    data = b""
    for piece in text.split():
        piece, _, count = piece.partition("*")
        data += bytes.fromhex(piece) * int(count or 1)
    return data


def vector(path):
    lines = [line.partition(": ")[::2] for line in path.read_text(encoding="utf-8").splitlines() if line]
    said = lambda key: [value for own, value in lines if own == key]
    its = {key: unhex(" ".join(said(key))) for key in ("hex", "keys", "secret")}
    its |= {key: "\n".join(said(key)) for key in ("name", "object", "expect", "text")}
    return its | {"is": said("is")}


def main():
    passed, failed = 0, 0
    for path in sorted(pathlib.Path(__file__).parent.rglob("*.txt")):
        its = vector(path)
        try:
            fields = OBJECTS[its["object"]](its)
            outcome, found = "ok", [f"{name} = {value}" for name, value in fields]
        except Refused as why:
            outcome, found = str(why), []
        if (outcome, found, path.stem) == (its["expect"], its["is"], its["name"]):
            passed += 1
        else:
            failed += 1
            print(f"{path.name}: expected {its['expect']} {its['is']}\n  found {outcome} {found}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
