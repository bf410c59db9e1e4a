"""A client of Pinbu's JSON API, on Python's standard library alone.

`Client` has a method for each operation of the API; `objects` says what the answers hold.
"""

from .client import Client
from .connection import Answer, send
from .errors import ApiError, NoAnswer, PinbuError
from .pages import Page, every
