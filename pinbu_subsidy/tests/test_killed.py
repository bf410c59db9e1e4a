import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from odoo import Command
from odoo.tests import get_db_name, tagged
from odoo.tools import config

from odoo.addons.pinbu_groupbuy.tests.concurrent_common import ConcurrentCase

from .grant_common import GrantMixin

TEAMS = 200
# The process dies when so many subsidies are granted, refunds are asked for, …
DEATHS = (
    ("SELECT count(*) FROM pinbu_team WHERE state = 'failed'", TEAMS // 3),
    ("SELECT count(*) FROM pinbu_subsidy WHERE state = 'granted'", TEAMS // 4),
    ("SELECT count(*) FROM sale_order WHERE state = 'cancel'", TEAMS // 2),
    ("SELECT count(*) FROM payment_transaction WHERE operation = 'refund' AND state = 'done'", 20),
)
PROTECTED = ("pinbu_wallet_entry", "loyalty_card")


@tagged("post_install", "-at_install")
class TestKilled(GrantMixin, ConcurrentCase):
    """`kill -9` in the middle of settling two hundred teams, and again, and again."""

    rivals = TEAMS

    @classmethod
    def clean(cls):
        super().clean()
        cls.swap_programs_back()
        cls.open_cr.commit()

    @classmethod
    def clean_teams(cls):
        cls.open_cr.rollback()
        subsidies = cls.env["pinbu.subsidy"].search([("partner_id", "in", cls.people.ids)])
        cards = cls.env["loyalty.card"].search([("partner_id", "in", cls.people.ids)])
        for table in PROTECTED:
            cls.open_cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cls.open_cr.execute("DELETE FROM pinbu_subsidy WHERE id = ANY(%s)", [subsidies.ids])
        cls.open_cr.execute("DELETE FROM pinbu_wallet_entry WHERE card_id = ANY(%s)", [cards.ids])
        cls.open_cr.execute("DELETE FROM loyalty_card WHERE id = ANY(%s)", [cards.ids])
        for table in PROTECTED:
            cls.open_cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cls.env.invalidate_all()
        super().clean_teams()

    def test_each_refund_and_subsidy_once(self):
        self.addCleanup(self.clean_teams)
        teams = self.lonely_teams()
        orders = teams.order_ids
        with tempfile.TemporaryDirectory() as folder:
            asked = Path(folder) / "asked"
            asked.touch()
            deaths = [self.die_at(asked, query, number) for query, number in DEATHS]
            # It was killed in the middle of something, at least thrice.
            self.assertGreaterEqual(deaths.count(True), 3)
            self.sql(
                "UPDATE payment_transaction SET pinbu_next_attempt_at = NULL,"
                " last_state_change = last_state_change - interval '1 day'"
                " WHERE operation = 'refund' AND state != 'done'"
            )
            self.settle_all()
            self.finish_granting()
            references = asked.read_text().split()
        self.check_refunds(orders, references)
        self.check_subsidies(teams)

    def lonely_teams(self):
        """:return: two hundred teams of one paying member each, past their deadline"""
        activity = self.make_activity(
            product=self.make_product("Two hundred bags", 10 * TEAMS),
            stock_policy="success",
            quota=0,
        )
        rule = self.plain_rule(amount=3.0, min_paid_members=1)
        activity.subsidy_rule_ids = [Command.create(rule)]
        self.open_cr.commit()
        order_ids = self.at_once(self.checking_out(activity=activity), self.people.ids)
        self.pay_all(order_ids)
        self.look_again()
        teams = self.seats_of(order_ids).team_id
        self.assertEqual(len(teams), TEAMS)
        self.sql(
            "UPDATE pinbu_seat SET paid_at = paid_at - interval '1 hour' WHERE team_id = ANY(%s)",
            teams.ids,
        )
        self.sql(
            "UPDATE pinbu_team SET deadline = now() AT TIME ZONE 'UTC' - interval '1 minute'"
            " WHERE id = ANY(%s)",
            teams.ids,
        )
        return teams

    def die_at(self, asked, query, number):
        """Let a scheduler's process work until `query` counts that many, and kill it then.

        :return: whether it was still at work
        """
        command = [
            sys.executable,
            str(Path(__file__).with_name("killed_worker.py")),
            f"--database={get_db_name()}",
            f"--addons-path={','.join(config['addons_path'])}",
            "--log-level=critical",
            str(asked),
        ]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path[1:]))}
        process = subprocess.Popen(command, env=environment)
        started = time.monotonic()
        while process.poll() is None and time.monotonic() - started < 300:
            self.open_cr.rollback()
            self.open_cr.execute(query)
            if self.open_cr.fetchone()[0] >= number:
                break
            time.sleep(0.02)
        was_alive = process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertIn(process.returncode, (0, -signal.SIGKILL))
        return was_alive

    def finish_granting(self):
        with self.registry.cursor() as cr:
            self.env(cr=cr)["pinbu.subsidy"]._cron_grant()
        self.look_again()

    def check_refunds(self, orders, references):
        for order in orders:
            refund = order._pinbu_refund_transactions()
            self.assertEqual((len(refund), refund.state), (1, "done"), order.name)
            self.assertEqual(-refund.amount, order.seat_ids.transaction_id.amount)
        # What was asked for before a death is asked for again under the same number, or was done.
        self.assertTrue(references)
        refunds = orders._pinbu_refund_transactions()
        self.assertLessEqual(set(references), set(refunds.mapped("reference")))

    def check_subsidies(self, teams):
        subsidies = teams.subsidy_ids
        self.assertEqual(Counter(subsidies.team_id.ids), Counter(teams.ids))
        self.assertEqual(len(subsidies), TEAMS)
        self.assertEqual(set(subsidies.mapped("state")), {"granted"})
        self.assertEqual(len(subsidies.entry_id), TEAMS)
        wallets = self.company._pinbu_wallets(self.people)
        self.assertEqual(len(wallets), TEAMS)
        for wallet in wallets.values():
            self.assertEqual(wallet.points, 3.0)
            self.assertEqual(wallet.pinbu_entry_ids.mapped("amount_minor"), [300])
        self.assertEqual(set(teams.mapped("state")), {"settled"})
