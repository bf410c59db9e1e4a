import threading

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.tests.test_concurrency import ConcurrentCase

from .voucher_common import VoucherMixin

CLERKS = 6


@tagged("post_install", "-at_install")
class TestVoucherConcurrency(VoucherMixin, ConcurrentCase):
    """Clerks, merchant and scheduler at one voucher in the same moment: exactly one has it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(cls.clean_vouchers)

    @classmethod
    def clean_vouchers(cls):
        cls.open_cr.rollback()
        cls.env.invalidate_all()
        cards = cls.env["pinbu.voucher"].search([]).card_id
        cls.open_cr.execute("DELETE FROM pinbu_voucher")
        cls.env.invalidate_all()
        programs = cards.program_id
        cards.unlink()
        products = programs.reward_ids.discount_line_product_id
        programs.active = False
        programs.unlink()
        products.unlink()
        cls.open_cr.commit()

    def setUp(self):
        super().setUp()
        self.env.invalidate_all()
        leader, member = self.people[:2]
        team = self.open_team(leader)
        order_id = self.committed(
            lambda env: (
                env["pinbu.seat"]
                ._checkout(
                    member.with_env(env),
                    self.activity.with_env(env),
                    self.product.with_env(env),
                    team=team.with_env(env),
                )[0]
                .id
            )
        )
        self.committed(
            lambda env: env["sale.order"].browse(order_id)._pinbu_start_payment()._set_done()
        )
        self.committed(lambda env: team.seat_ids.with_env(env)._settle())
        self.voucher = team.seat_ids[:1].voucher_ids
        self.assertEqual(self.voucher.state, "issued")

    def redeem(self, env):
        try:
            env["pinbu.voucher"]._redeem(self.voucher.code)
            return "redeemed"
        except UserError:
            return "refused"

    def cancel(self, env):
        self.voucher.order_id.with_env(env).action_cancel()

    def expire(self, env):
        env["pinbu.voucher"]._cron_expire()

    def check_one_outcome(self):
        """Used and delivered, or expired and owed back: never both, never neither."""
        order = self.voucher.order_id
        refunds = order._pinbu_refund_transactions()
        delivered = order.order_line.qty_delivered == 1
        self.assertEqual(
            (delivered, len(refunds)),
            {"used": (True, 0), "expired": (False, 1)}[self.voucher.state],
        )
        reasons = set(self.voucher.transition_ids.mapped("reason"))
        self.assertEqual("voucher redeemed" in reasons, delivered)
        self.assertEqual(sum(refunds.mapped("amount")), -39.9 * len(refunds))

    def test_clerks_who_scan_it_at_once(self):
        results = self.at_once(lambda env, _number: self.redeem(env), list(range(CLERKS)))
        self.assertEqual(sorted(results), ["redeemed"] + ["refused"] * (CLERKS - 1))
        self.check_one_outcome()

    def test_a_clerk_and_a_merchant_who_cancels(self):
        works = [self.redeem, self.cancel] * 3
        results = self.at_once(lambda env, work: work(env), works)
        used = self.voucher.state == "used"
        self.assertEqual(results.count("redeemed"), int(used))
        # A merchant may cancel what was delivered; the payment stays, as in Odoo.
        self.check_one_outcome()

    def test_a_clerk_who_is_a_second_quicker_than_the_scheduler(self):
        redeemed, go_on = threading.Event(), threading.Event()

        def clerk(env):
            outcome = self.redeem(env)
            redeemed.set()
            go_on.wait(20)
            return outcome

        def scheduler(env):
            redeemed.wait(20)
            # The date passes while the clerk's transaction is still open.
            threading.Timer(1, go_on.set).start()
            voucher = self.voucher.with_env(env)
            voucher._expire("voucher expired")

        self.assertEqual(
            self.at_once(lambda env, work: work(env), [clerk, scheduler])[0], "redeemed"
        )
        self.assertEqual(self.voucher.state, "used")
        self.check_one_outcome()

    def test_schedulers_at_once(self):
        self.committed(
            lambda env: env.cr.execute(
                "UPDATE pinbu_voucher SET valid_until = '2025-01-01' WHERE id = %s",
                [self.voucher.id],
            )
        )
        self.at_once(lambda env, _number: self.expire(env), list(range(3)))
        self.committed(self.expire)
        self.assertEqual(self.voucher.state, "expired")
        self.check_one_outcome()
