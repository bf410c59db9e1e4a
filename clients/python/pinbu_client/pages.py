from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Page(list[Item], Generic[Item]):
    """A part of a list. ``next_cursor`` leads to what follows, None at the end."""

    def __init__(self, items, next_cursor=None):
        super().__init__(items)
        self.next_cursor: str | None = next_cursor


def every(read: Callable[..., Page[Item]], *args, **kwargs) -> Iterator[Item]:
    """All items of a list, page after page: ``every(client.orders, tab="done")``."""
    cursor = None
    while True:
        page = read(*args, cursor=cursor, **kwargs)
        yield from page
        if not (cursor := page.next_cursor):
            return
