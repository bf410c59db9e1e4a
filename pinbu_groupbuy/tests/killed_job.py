"""A scheduler's process that goes on with a long job, and is killed at a given moment of it.

Run by `test_jobs_killed.py` with Odoo's arguments, the moment, and a number: for ``item`` the id of
the contact that it is just marking, else how many are done by then.
"""

import os
import signal
import sys
from importlib import import_module

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

# What follows right after the items and their progress were written, and committed.
METHODS = {"written": "_tell", "committed": "_next_job"}


def die_after(jobs, name, number):
    original = getattr(jobs, name)

    def last(job):
        found = original(job)
        if (found or job).done == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    setattr(jobs, name, last)


def work(database, moment, number):
    registry = Registry(database)
    # This is no module of the add-on, so its own are found by their full names.
    marking = import_module("odoo.addons.pinbu_groupbuy.tests.job_common").marking

    def mark(partner):
        if moment == "item" and partner.id == number:
            os.kill(os.getpid(), signal.SIGKILL)

    if moment in METHODS:
        die_after(registry["pinbu.job"], METHODS[moment], number)
    with marking(registry, work=mark), registry.cursor() as cr:
        api.Environment(cr, SUPERUSER_ID, {})["pinbu.job"]._cron_work()


if __name__ == "__main__":
    *arguments, moment, number = sys.argv[1:]
    config.parse_config(arguments)
    work(config["db_name"][0], moment, int(number))
