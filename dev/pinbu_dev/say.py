"""What the person sees: short lines, a beat while something long runs, and errors in one sentence."""

import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

_TTY = sys.stdout.isatty()
# On a terminal the beat rewrites one line; in a log (CI) it is a new line, so it comes less often.
_BEAT = 1 if _TTY else 15


class Stop(Exception):
    """Something the person has to know or do; its text is all that is shown."""


def line(text):
    print(text, flush=True)


def warn(text):
    print(f"! {text}", flush=True)


@contextmanager
def step(text, progress=None):
    """Show that `text` is under way, with elapsed seconds and what `progress()` returns.

    :param text: what is being done.
    :param progress: optional callable that returns a short string such as "57 of 132 MB".
    """
    started = time.monotonic()
    finished = threading.Event()

    def shown():
        detail = progress() if progress else ""
        return f"- {text} ... {detail}{', ' if detail else ''}{time.monotonic() - started:.0f} s"

    def beat():
        while not finished.wait(_BEAT):
            print(f"\r\033[K{shown()}" if _TTY else shown(), end="" if _TTY else "\n", flush=True)

    print(f"- {text} ...", end="" if _TTY else "\n", flush=True)
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    done = False
    try:
        yield
        done = True
    finally:
        finished.set()
        thread.join()
        outcome = "done" if done else "stopped"
        seconds = time.monotonic() - started
        print(
            f"{chr(13) + chr(27) + '[K' if _TTY else ''}- {text}: {outcome} in {seconds:.0f} s",
            flush=True,
        )


def run_quietly(command, log, what, env=None, cwd=None, stdin=None):
    """Run a command with its output in a log file; show the end of the log only if it fails.

    :param command: list of arguments.
    :param log: pathlib.Path of the log, written anew.
    :param what: what failed, for the message ("installing Odoo's requirements").
    :raise Stop: when the command fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        code = subprocess.run(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            input=stdin.encode() if stdin is not None else None,
            stdin=subprocess.DEVNULL if stdin is None else None,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            check=False,
        ).returncode
    if code:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-25:])
        raise Stop(f"{what} failed (exit code {code}). The end of {log}:\n{tail}")
