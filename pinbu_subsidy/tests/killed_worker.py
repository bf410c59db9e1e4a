"""A scheduler's process, made to be killed: it fails, refunds and grants until nothing is left.

Run by `test_killed.py` with Odoo's arguments, and the name of a file into which it writes the number
of each refund that it asks the provider for.
"""

import os
import sys
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config


def work(database, asked):
    from odoo.addons.payment.models.payment_transaction import PaymentTransaction
    from odoo.addons.pinbu_groupbuy.models.pinbu_settlement import SHARDS

    registry = Registry(database)

    def answer(tx):
        os.write(asked, f"{tx.reference}\n".encode())
        tx._set_done()

    def run(model, method, *args):
        with registry.cursor() as cr:
            getattr(api.Environment(cr, SUPERUSER_ID, {})[model], method)(*args)

    with patch.object(PaymentTransaction, "_send_refund_request", answer):
        for _round in range(4):
            run("pinbu.settlement", "_cron_close_teams")
            run("pinbu.subsidy", "_cron_grant")
            for shard in range(SHARDS):
                run("pinbu.settlement", "_cron_settle", shard)
            run("payment.transaction", "_cron_move_money")


if __name__ == "__main__":
    *arguments, file = sys.argv[1:]
    config.parse_config(arguments)
    work(config["db_name"][0], os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT))
