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
