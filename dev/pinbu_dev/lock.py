"""One run at a time builds; a second one waits. The kernel drops the lock of a killed run."""

import fcntl
from contextlib import contextmanager

from . import paths, say


@contextmanager
def building(name="build"):
    with (paths.HOME / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with say.step("Another run is preparing the same things; waiting for it"):
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def using():
    """Say that this run uses the cluster, together with others.

    :return: the lock; `last(lock)` tells whether nobody else uses it any more.
    """
    with (paths.HOME / "users.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield lock


def last(lock):
    """Whether no other run uses the cluster; if so, new ones wait until we end."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def nobody_else():
    """Keep other runs from starting.

    :return: whether there is none already.
    """
    with (paths.HOME / "users.lock").open("w") as lock:
        yield last(lock)
