"""The canonical JSON of docs/protocol/records.md: the subset of RFC 8785 that everything signed is written in.

`parse` gives back an object only when the bytes are the one spelling of it. Names are ASCII, so sorting them by code
point is the order that RFC 8785 asks for.
"""

import json

SAFE_INTEGER = 2**53 - 1
LEVELS = 8


class Refused(Exception):
    """A document or record that is not believed; the code is one of the tables of docs/protocol."""

    def __init__(self, code):
        super().__init__(code)
        self.code = code


def encode(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def parse(data, max_bytes):
    if len(data) > max_bytes:
        raise Refused("too_large")
    try:
        value = json.loads(data.decode(), parse_float=_no_number, parse_constant=_no_number)
        canonical = encode(value)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed") from error
    if not isinstance(value, dict) or not _in_subset(value, LEVELS):
        raise Refused("malformed")
    if canonical != data:
        raise Refused("not_canonical")
    return value


def is_integer(value, low=0, high=SAFE_INTEGER):
    """True is an int to Python, and none to JSON."""
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _no_number(text):
    raise ValueError(text)


def _in_subset(value, levels):
    if isinstance(value, (dict, list)):
        if levels == 0:
            return False
        if isinstance(value, list):
            return all(_in_subset(one, levels - 1) for one in value)
        return all(name.isascii() and _in_subset(one, levels - 1) for name, one in value.items())
    return isinstance(value, (str, bool, type(None))) or is_integer(value, -SAFE_INTEGER)
