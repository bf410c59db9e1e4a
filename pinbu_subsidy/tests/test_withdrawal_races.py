from concurrent.futures import ThreadPoolExecutor

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.pinbu_groupbuy.tests.concurrent_common import ConcurrentCase

from .withdrawal_common import WithdrawalMixin

RIVALS = 8
TABLES = ("pinbu_transition", "pinbu_withdrawal", "pinbu_wallet_entry", "loyalty_card")


@tagged("post_install", "-at_install")
class TestWithdrawalRaces(WithdrawalMixin, ConcurrentCase):
    """A shopper, the provider and the scheduler at one wallet in the same moment."""

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        cls.rule.unlink()
        cls.company.pinbu_withdrawal_day_count = RIVALS

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean_wallets)
        self.ann = self.people[0]
        self.trust(self.ann)
        self.wallet = self.give(self.ann, 5000)
        self.open_cr.commit()

    @classmethod
    def clean_wallets(cls):
        cls.open_cr.rollback()
        for table in TABLES:
            cls.open_cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cls.open_cr.execute("DELETE FROM pinbu_transition WHERE withdrawal_id IS NOT NULL")
        cls.open_cr.execute("DELETE FROM pinbu_withdrawal")
        cls.open_cr.execute("DELETE FROM pinbu_wallet_entry")
        cls.open_cr.execute("DELETE FROM loyalty_card WHERE pinbu_is_wallet")
        for table in TABLES:
            cls.open_cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cls.company.write({"pinbu_payout_provider": "manual", "pinbu_payout_balance_at": False})
        cls.open_cr.commit()
        cls.env.invalidate_all()

    def ask(self, amount_minor):
        ann_id, company_id = self.ann.id, self.company.id

        def request(env, _rival):
            return (
                env["pinbu.withdrawal"]
                ._request(
                    env["res.partner"].browse(ann_id),
                    env["res.company"].browse(company_id),
                    amount_minor,
                )
                .id
            )

        return request

    def made(self, amount_minor):
        """:return: a committed withdrawal"""
        [made_id] = self.at_once(self.ask(amount_minor), [None])
        return self.env["pinbu.withdrawal"].browse(made_id)

    def check_wallet(self, points, *kinds):
        self.look_again()
        self.assertEqual(round(self.wallet.points * 100), points)
        self.assertEqual(
            sorted(self.wallet.pinbu_entry_ids.mapped("kind")), sorted(["subsidy", *kinds])
        )

    def test_the_whole_balance_is_withdrawn_once(self):
        results = self.at_once(self.ask(5000), range(RIVALS))
        self.assertEqual(results.count("insufficient_balance"), RIVALS - 1)
        [withdrawal_id] = [result for result in results if isinstance(result, int)]
        self.check_wallet(0, "withdrawal")
        withdrawal = self.env["pinbu.withdrawal"].search([("partner_id", "=", self.ann.id)])
        self.assertEqual(withdrawal.ids, [withdrawal_id])

    def test_the_limit_of_a_day_holds_for_all_of_them(self):
        self.company.pinbu_withdrawal_day_count = 2
        self.open_cr.commit()
        results = self.at_once(self.ask(100), range(RIVALS))
        self.assertEqual(results.count("limit_reached"), RIVALS - 2)
        self.check_wallet(4800, "withdrawal", "withdrawal")

    def test_cancelled_by_many_at_once(self):
        withdrawal_id = self.made(5000).id
        results = self.at_once(
            lambda env, _rival: env["pinbu.withdrawal"].browse(withdrawal_id)._cancel(),
            range(RIVALS),
        )
        self.assertEqual(results, [True] * RIVALS)
        self.check_wallet(5000, "withdrawal", "withdrawal_return")

    def test_cancelled_while_it_is_being_paid(self):
        withdrawal = self.made(5000)

        def act(env, what):
            one = env["pinbu.withdrawal"].browse(withdrawal.id)
            if what == "cancel":
                return one._cancel()
            one.action_start()
            return one.state == "sent"

        results = self.at_once(act, ["cancel", "start"] * 4)
        self.look_again()
        cancelled = withdrawal.state == "failed"
        self.assertEqual(set(results[::2]), {cancelled})
        self.assertEqual(set(results[1::2]), {not cancelled})
        if cancelled:
            self.check_wallet(5000, "withdrawal", "withdrawal_return")
        else:
            self.check_wallet(0, "withdrawal")

    def test_notices_that_contradict_each_other_at_once(self):
        withdrawal = self.made(5000)
        withdrawal._to_sent("withdrawal sent")
        self.open_cr.commit()

        def tell(env, state):
            env["pinbu.withdrawal"].browse(withdrawal.id)._process_payout_notice({"state": state})

        self.at_once(tell, ["failed", "done"] * 4)
        self.look_again()
        self.assertTrue(withdrawal.is_contradicted)
        if withdrawal.state == "failed":
            self.check_wallet(5000, "withdrawal", "withdrawal_return")
        else:
            self.check_wallet(0, "withdrawal")

    def test_schedulers_at_once_send_each_once(self):
        with self.gateway() as gate:
            gate.starts_as = "done"
            self.open_cr.commit()
            results = self.at_once(self.ask(100), range(RIVALS))
            with mute_logger("odoo.sql_db"), ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _n: self.pay(), range(4)))
            self.pay()
            self.look_again()
            paid = self.env["pinbu.withdrawal"].browse(results)
            self.assertEqual(set(paid.mapped("state")), {"done"})
            self.assertEqual(
                sorted(number for call, number in gate.calls if call == "send"),
                sorted(paid.mapped("number")),
            )
        self.check_wallet(5000 - RIVALS * 100, *["withdrawal"] * RIVALS)

    def pay(self):
        with self.registry.cursor() as cr:
            self.env(cr=cr)["pinbu.withdrawal"]._cron_payouts()
