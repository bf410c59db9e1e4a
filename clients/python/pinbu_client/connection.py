"""Requests and answers: what is tried again, and when."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from .errors import ApiError, NoAnswer

TRIES = 5
LONGEST_WAIT = 10  # seconds between two tries; who is told to wait for longer is refused


@dataclass
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""

    def json(self) -> Any:
        """:return: the body read, or None when it is no JSON"""
        if not self.headers.get("content-type", "").startswith("application/json"):
            return None
        try:
            return json.loads(self.content)
        except ValueError:
            return None


# (method, address, headers, body or None, seconds) -> Answer; raises OSError
Send = Callable[[str, str, Mapping[str, str], "bytes | None", float], Answer]


def send(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float
) -> Answer:
    """One HTTP request.

    :raise OSError: when no answer comes
    """
    asked = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
    try:
        try:
            with urllib.request.urlopen(asked, timeout=timeout) as response:
                return _read(response, response.status)
        except urllib.error.HTTPError as refused:
            with refused:
                return _read(refused, refused.code)
    except HTTPException as error:  # cut off in the middle
        raise OSError(str(error)) from error


def _read(response, status):
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status, headers, response.read())


def ask(
    send_: Send,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    timeout: float,
) -> Answer:
    """Request until there is an answer: the headers, and so the Idempotency-Key, stay the same.

    :return: an Answer below 400
    :raise ApiError: what the API refused
    :raise NoAnswer: when there was none
    """
    wait = 0.5
    for left in reversed(range(TRIES)):
        try:
            answer = send_(method, url, headers, body, timeout)
        except OSError as error:
            trouble = NoAnswer(f"{method} {url}: {error}")
            asked_to_wait = None
        else:
            if answer.status < 400:
                return answer
            trouble = _trouble(method, url, answer)
            asked_to_wait = _seconds(answer.headers.get("retry-after"))
            if not _passes(trouble):
                raise trouble
        seconds = wait if asked_to_wait is None else asked_to_wait
        if not left or seconds > LONGEST_WAIT:
            raise trouble
        time.sleep(seconds)
        wait *= 2
    raise AssertionError("unreachable")


def _trouble(method, url, answer):
    data = answer.json()
    error = data.get("error") if isinstance(data, dict) else None
    if not isinstance(error, dict) or "code" not in error:
        # A proxy's page, say: the API itself always answers in this shape.
        return NoAnswer(f"{method} {url}: status {answer.status}, {answer.content[:200]!r}")
    return ApiError(
        answer.status,
        error["code"],
        error.get("message", ""),
        error.get("details"),
        answer.headers.get("x-request-id"),
        _seconds(answer.headers.get("retry-after")),
    )


def _passes(trouble):
    """Whether it is worth trying again what failed so."""
    if isinstance(trouble, NoAnswer):
        return True
    return trouble.status in (429, 503) or trouble.code == "in_progress"


def _seconds(text):
    # The other form that HTTP allows, a date, is not the API's.
    return int(text) if text and text.isdigit() else None
