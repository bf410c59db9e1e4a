"""Live pages: answers that many clients poll, built once in a worker and sent while they hold.

What a passer-by sees of a team or an activity is a `Part`: it is shared by everybody who looks at
it. An `Answer` is made of parts and belongs to one caller: `viewer` and `share` are theirs, and it
is kept under their id. `models/pinbu_live.py` knows how long both hold.
"""

import hashlib
import json
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from . import scenes

# Per worker and database, of text; what was not asked for lately makes room.
PARTS_BYTES = 24 * 1024 * 1024
ANSWERS_BYTES = 8 * 1024 * 1024

# What is not in a part: it is the caller's, or the moment's.
_OWN = ("share", "viewer", "server_time")


@dataclass(frozen=True, slots=True)
class Part:
    """A team or an activity as passers-by see it."""

    version: str  # what it was built from
    text: bytes  # its JSON up to where `share` would follow
    share: dict

    @classmethod
    def build(cls, version, shape, data):
        """:param shape: the model that says what of `data` is sent
        :param dict data: the contract's object, rendered for nobody in particular
        """
        data = shape.model_validate(data).model_dump(exclude_unset=True)
        shown = {name: value for name, value in data.items() if name not in _OWN}
        return cls(version, _dump(shown)[:-1], data["share"])

    @property
    def size(self):
        return len(self.text) + len(self.version) + 500


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: its JSON in pieces, between which the moment of sending goes."""

    pieces: tuple[bytes, ...]
    etag: str

    def body(self, server_time):
        """:param str server_time: as the contract writes times"""
        return server_time.encode().join(self.pieces)

    @property
    def size(self):
        return sum(map(len, self.pieces)) + 500


@dataclass(frozen=True, slots=True)
class Reading:
    """What a route that serves a live page returns."""

    answer: Answer
    now: datetime  # by the database's clock


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and as long as what it holds."""

    answer: Answer
    moment: tuple  # as `pinbu.live._moment` names what the database and this worker knew
    since: datetime
    until: datetime | None

    def holds(self, moment, now):
        return moment == self.moment and self.since <= now and (not self.until or now < self.until)


def one(env, part, viewer, partner):
    """:return: the Answer that is one team or activity"""
    return _answer(_pieces(env, part, viewer, partner))


def many(env, parts, viewers, partner, next_cursor):
    """:return: the Answer that is a list

    :param parts: of the list, in order
    :param viewers: their ``viewer``, in the same order
    """
    pieces = [b'{"items":[']
    for number, (part, viewer) in enumerate(zip(parts, viewers, strict=True)):
        head, tail = _pieces(env, part, viewer, partner)
        pieces[-1] += (b"," if number else b"") + head
        pieces.append(tail)
    pieces[-1] += b'],"next_cursor":' + _dump(next_cursor) + b"}"
    return _answer(pieces)


def _pieces(env, part, viewer, partner):
    share = scenes.shared_by(env, part.share, partner) if partner else part.share
    own = b',"share":%b,"viewer":%b,"server_time":"' % (_dump(share), _dump(viewer))
    return [part.text + own, b'"}']


def _answer(pieces):
    return Answer(tuple(pieces), hashlib.sha256(b"".join(pieces)).hexdigest()[:32])


def _dump(data):
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


class Store:
    """A bounded memory of values that know their size; threads share it."""

    def __init__(self, limit):
        self._limit = limit
        self._size = 0
        self._values = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key):
        with self._lock:
            found = self._values.get(key)
            if found:
                self._values.move_to_end(key)
                return found[0]
            return None

    def put(self, key, value, size):
        with self._lock:
            if old := self._values.pop(key, None):
                self._size -= old[1]
            self._values[key] = (value, size)
            self._size += size
            while self._size > self._limit:
                _key, (_value, freed) = self._values.popitem(last=False)
                self._size -= freed


class Memory:
    """What one worker keeps of one database; it goes with the registry, as the code may."""

    def __init__(self):
        self.parts = Store(PARTS_BYTES)
        self.answers = Store(ANSWERS_BYTES)
