"""A worker's process that answers one request, and is killed at a given moment of it.

Run by `test_api_killed.py` with Odoo's arguments, the moment, and the request as JSON.
"""

import json
import os
import signal
import sys

from werkzeug.test import Client

from odoo import http
from odoo.modules.registry import Registry
from odoo.service import model as service_model
from odoo.tools import config


def die_after(owner, name):
    original = getattr(owner, name)

    def last(*args, **kwargs):
        original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, last)


def work(database, moment, request):
    registry = Registry(database)
    if moment == "key claimed":
        die_after(registry["pinbu.api.idempotency"], "_claim")
    elif moment == "place held":
        die_after(registry["pinbu.seat"], "_claim")
    elif moment == "effect committed":
        # Odoo commits in there; what follows is the answer.
        die_after(service_model, "retrying")
    Client(http.root).open(request.pop("path"), **request)


if __name__ == "__main__":
    *arguments, moment, request = sys.argv[1:]
    config.parse_config(arguments)
    work(config["db_name"][0], moment, json.loads(request))
