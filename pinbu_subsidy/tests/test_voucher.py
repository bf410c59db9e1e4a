from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .voucher_common import VoucherCase


@tagged("post_install", "-at_install")
class TestIssuing(VoucherCase):
    def test_each_member_of_a_formed_team_wins_one(self):
        team = self.join(self.shopper("1"), quantity=2).team_id
        self.run_schedulers()
        self.assertFalse(self.env["pinbu.voucher"].search([]))
        self.join(self.shopper("2"), team)
        self.run_schedulers()
        vouchers = team.seat_ids.voucher_ids
        self.assertEqual(len(vouchers), 2)
        self.assertEqual(set(vouchers.mapped("state")), {"issued"})
        self.assertEqual(sorted(vouchers.mapped("quantity")), [1, 2])
        self.assertEqual(len(set(vouchers.mapped("code"))), 2)
        for voucher in vouchers:
            self.assertRegex(voucher.code, r"^\d{12}$")
            self.assertEqual(voucher.card_id.partner_id, voucher.partner_id)
        self.assertFalse(team.picking_ids)

    def test_settling_again_issues_nothing_more(self):
        team = self.form_team()
        codes = team.seat_ids.voucher_ids.mapped("code")
        for _again in range(2):
            self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=team.seat_ids.ids)
            self.run_schedulers()
        self.assertEqual(team.seat_ids.voucher_ids.mapped("code"), codes)
        self.assertFalse(self.env["pinbu.settlement"].search([("attempts", ">", 0)]))

    def test_a_failed_team_wins_none(self):
        seat = self.join(self.shopper("1"))
        self.pass_deadline(seat.team_id)
        self.run_schedulers()
        self.assertEqual(seat.state, "lost")
        self.assertFalse(seat.voucher_ids)

    def test_it_is_valid_to_the_end_of_its_last_day_where_the_company_is(self):
        self.company.partner_id.tz = "Asia/Shanghai"
        self.activity.voucher_days = 10
        seat = self.join(self.shopper("1"))
        # What the merchant changes later is for others.
        self.activity.voucher_days = 1
        self.join(self.shopper("2"), seat.team_id)
        self.run_schedulers()
        voucher = seat.voucher_ids
        shanghai = ZoneInfo("Asia/Shanghai")
        formed_on = seat.team_id.finished_at.replace(tzinfo=UTC).astimezone(shanghai).date()
        self.assertEqual(voucher.card_id.expiration_date, formed_on + timedelta(days=10))
        self.assertEqual(
            voucher.valid_until,
            datetime.combine(formed_on + timedelta(days=10), datetime.min.time())
            + timedelta(hours=16, seconds=-1),
        )

    def test_goods_win_none(self):
        product = self.make_product("Crisps again", 10)
        team = self.form_team(activity=self.make_activity(product, size=2))
        self.assertFalse(team.seat_ids.voucher_ids)
        self.assertTrue(team.picking_ids)

    def test_no_checkout_takes_the_code(self):
        voucher = self.form_team().seat_ids[:1].voucher_ids
        order = self.env["sale.order"].create(
            {
                "partner_id": voucher.partner_id.id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        total = order.amount_total
        self.assertIn("error", order._try_apply_code(voucher.code))
        self.assertEqual(order.amount_total, total)

    def test_nobody_makes_it_a_discount(self):
        card = self.form_team().seat_ids[:1].voucher_ids.card_id
        seller = new_test_user(self.env, "v_seller", "sales_team.group_sale_manager")
        with self.assertRaises(UserError):
            card.with_user(seller).points = 1
        with self.assertRaises(UserError):
            card.with_user(seller).expiration_date = "2040-01-01"
        with self.assertRaises(UserError):
            card.program_id.with_user(seller).sale_ok = True
        with self.assertRaises(UserError):
            card.program_id.with_user(seller).program_type = "promo_code"


@tagged("post_install", "-at_install")
class TestRedeeming(VoucherCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "v_clerk", "pinbu_subsidy.group_voucher_clerk")

    def setUp(self):
        super().setUp()
        self.team = self.form_team()
        self.voucher = self.team.seat_ids[:1].voucher_ids

    def counter(self, user=None):
        """:return: the counter's screen of `user`, ready for a code"""
        screens = self.env["pinbu.voucher.redemption"].with_user(user or self.clerk)
        return screens.with_company(self.company).create({})

    def scan(self, screen, code):
        with Form(screen) as form:
            form.code = code
        screen.action_scanned()
        return screen.outcome

    def test_scanned_twice_it_is_redeemed(self):
        screen = self.counter()
        spaced = " ".join(self.voucher.code[i : i + 4] for i in (0, 4, 8))
        self.assertEqual(self.scan(screen, spaced), "valid")
        self.assertEqual(self.voucher.state, "issued")
        self.assertEqual(screen.product, "Class")
        self.assertEqual(screen.shopper, "s**")
        self.assertEqual(self.scan(screen, spaced), "redeemed")
        self.assertFalse(screen.code)
        self.assertEqual(self.voucher.state, "used")
        self.assertEqual(self.voucher.used_by, self.clerk)
        line = self.voucher.order_id.order_line
        self.assertEqual(line.qty_delivered, line.product_uom_qty)
        log = self.voucher.seat_id.transition_ids[:1]
        self.assertEqual((log.reason, log.user_id), ("voucher redeemed", self.clerk))

    def test_another_code_is_looked_at_before_it_is_redeemed(self):
        other = self.team.seat_ids[1].voucher_ids
        screen = self.counter()
        self.scan(screen, self.voucher.code)
        self.assertEqual(self.scan(screen, other.code), "valid")
        self.assertEqual({self.voucher.state, other.state}, {"issued"})

    def test_a_used_one_says_when_and_by_whom(self):
        screen = self.counter()
        self.scan(screen, self.voucher.code)
        screen.action_redeem()
        self.assertEqual(self.scan(screen, self.voucher.code), "refused")
        self.assertIn(self.clerk.name, screen.reason)
        screen.action_redeem()
        self.assertEqual(screen.outcome, "refused")
        reasons = self.voucher.seat_id.transition_ids.mapped("reason")
        self.assertEqual(reasons.count("voucher redeemed"), 1)

    def test_an_unknown_code_is_refused(self):
        for code in ("123", "", "no such thing"):
            screen = self.counter()
            screen.code = code
            screen.action_redeem()
            self.assertEqual(screen.outcome, "refused")
            self.assertFalse(screen.shopper)

    def test_an_expired_one_is_refused_even_before_the_scheduler_comes(self):
        self.let_pass(self.voucher)
        screen = self.counter()
        screen.code = self.voucher.code
        screen.action_redeem()
        self.assertEqual(screen.outcome, "refused")
        self.assertIn("Expired", screen.reason)
        self.assertEqual(self.voucher.state, "issued")

    def test_what_was_redeemed_can_be_invoiced(self):
        self.voucher.product_id.invoice_policy = "delivery"
        voucher = self.form_team("other").seat_ids[:1].voucher_ids
        order = voucher.order_id
        self.assertEqual(order.order_line.qty_to_invoice, 0)
        screen = self.counter()
        screen.code = voucher.code
        screen.action_redeem()
        self.assertEqual(order.invoice_status, "to invoice")
        self.assertEqual(order._create_invoices().amount_total, order.amount_total)

    def test_a_warehouse_clerk_redeems_nothing(self):
        other = new_test_user(self.env, "v_stock", "stock.group_stock_user")
        with self.assertRaises(AccessError):
            self.counter(other)
        with self.assertRaises(AccessError):
            self.env["pinbu.voucher"].with_user(other)._redeem(self.voucher.code)
        self.assertEqual(self.voucher.state, "issued")

    def test_marketing_redeems_too_and_sees_the_list(self):
        user = new_test_user(self.env, "v_marketing", "pinbu_groupbuy.group_user")
        screen = self.counter(user)
        screen.code = self.voucher.code
        screen.action_redeem()
        self.assertEqual(screen.outcome, "redeemed")
        self.assertEqual(self.voucher.with_user(user).state, "used")

    def test_a_clerk_at_the_counter_reads_no_list(self):
        with self.assertRaises(AccessError):
            self.env["pinbu.voucher"].with_user(self.clerk).search([])
        with self.assertRaises(AccessError):
            self.env["loyalty.card"].with_user(self.clerk).search([])

    def test_another_company_s_clerk_is_refused(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        other = new_test_user(
            self.env,
            "v_elsewhere",
            "pinbu_groupbuy.group_user",
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )
        screens = self.env["pinbu.voucher.redemption"].with_user(other).with_company(company)
        screen = screens.create({"code": self.voucher.code})
        screen.action_redeem()
        self.assertEqual(screen.outcome, "refused")
        self.assertIn("another company", screen.reason)
        self.assertFalse(screen.shopper)
        self.assertEqual(self.voucher.state, "issued")
        vouchers = self.env["pinbu.voucher"].with_user(other).with_company(company)
        self.assertFalse(vouchers.search([]))

    def test_a_shopper_reads_their_own_only(self):
        user = new_test_user(self.env, "v_portal", "base.group_portal")
        seat = self.join(user.partner_id)
        self.join(self.shopper("friend"), seat.team_id)
        self.run_schedulers()
        own = self.env["pinbu.voucher"].with_user(user).search([])
        self.assertEqual(own, seat.voucher_ids)
        with self.assertRaises(AccessError):
            self.voucher.with_user(user).read(["code"])
        with self.assertRaises(AccessError):
            own.sudo(False).state = "used"
        with self.assertRaises(AccessError):
            own._redeem(own.code)


@tagged("post_install", "-at_install")
class TestExpiring(VoucherCase):
    def setUp(self):
        super().setUp()
        self.team = self.form_team()
        self.seat = self.team.seat_ids[:1]
        self.voucher = self.seat.voucher_ids
        self.order = self.seat.order_id

    def check_paid_back(self, seat):
        """The order is cancelled, and the payment went back once and in full."""
        order = seat.order_id
        refund = order._pinbu_refund_transactions()
        self.assertEqual(refund.mapped("state"), ["done"])
        self.assertEqual(refund.amount, -39.9)
        self.assertEqual(refund.source_transaction_id, seat.transaction_id)
        self.assertEqual((order.state, order.amount_paid), ("cancel", 0))
        self.assertEqual((seat.state, seat.voucher_ids.state), ("won", "expired"))
        receivable = self.env["account.move.line"].search(
            [
                ("partner_id", "=", seat.partner_id.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
            ]
        )
        self.assertTrue(receivable)
        self.assertEqual(set(receivable.mapped("amount_residual")), {0.0})

    def check_untouched(self, seat):
        self.assertEqual(seat.order_id.state, "sale")
        self.assertFalse(seat.order_id._pinbu_refund_transactions())

    def test_past_its_date_it_is_refunded_in_full(self):
        other = self.team.seat_ids[1]
        self.env["pinbu.voucher"]._redeem(other.voucher_ids.code)
        self.let_pass(self.team.seat_ids.voucher_ids)
        for _again in range(3):
            self.expire()
            self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=self.team.seat_ids.ids)
            self.run_schedulers()
        self.check_paid_back(self.seat)
        # A used one is a delivered order.
        self.check_untouched(other)
        self.assertEqual(other.voucher_ids.state, "used")

    def test_on_its_last_day_it_stays(self):
        self.expire()
        self.run_schedulers()
        self.check_untouched(self.seat)
        self.assertEqual(self.voucher.state, "issued")

    def test_one_that_fails_does_not_hold_up_the_others(self):
        first, second = self.team.seat_ids.voucher_ids.sorted("id")
        self.let_pass(first + second)
        # A second refund of the whole is what the database refuses.
        self.env.cr.execute(
            "ALTER TABLE payment_transaction ADD CONSTRAINT fails CHECK (id != %s"
            " OR pinbu_refunded IS NULL OR pinbu_refunded = 0)",
            [first.seat_id.transaction_id.id],
        )
        with self.assertLogs("odoo.addons.pinbu_subsidy.models.pinbu_voucher", "ERROR"):
            self.expire()
        self.assertEqual((first.state, second.state), ("issued", "expired"))
        self.env.cr.execute("ALTER TABLE payment_transaction DROP CONSTRAINT fails")
        self.expire()
        self.assertEqual(first.state, "expired")

    def test_an_order_that_the_merchant_cancels_is_paid_back(self):
        self.order.action_cancel()
        self.assertEqual(self.voucher.state, "expired")
        with self.assertRaisesRegex(UserError, "void"):
            self.env["pinbu.voucher"]._redeem(self.voucher.code)
        self.run_schedulers()
        self.check_paid_back(self.seat)

    def test_money_or_voucher_never_both(self):
        self.seat.transaction_id.action_refund()
        self.assertEqual(self.voucher.state, "expired")
        with self.assertRaises(UserError):
            self.env["pinbu.voucher"]._redeem(self.voucher.code)
        self.run_schedulers()
        self.check_paid_back(self.seat)

    def test_after_a_part_went_back_by_hand_the_rest_goes(self):
        self.seat.transaction_id.action_refund(amount_to_refund=10)
        self.assertEqual(self.voucher.state, "issued")
        self.let_pass(self.voucher)
        self.expire()
        self.run_schedulers(3)
        refunds = self.order._pinbu_refund_transactions()
        self.assertEqual(sorted(refunds.mapped("amount")), [-29.9, -10.0])
        self.assertEqual(set(refunds.mapped("state")), {"done"})

    def test_a_posted_invoice_is_reversed(self):
        invoice = self.order._create_invoices()
        invoice.action_post()
        self.let_pass(self.voucher)
        self.expire()
        self.run_schedulers(3)
        self.assertEqual(invoice.payment_state, "reversed")
        self.check_paid_back(self.seat)

    def test_a_used_one_is_delivered_whatever_the_merchant_cancels_later(self):
        self.env["pinbu.voucher"]._redeem(self.voucher.code)
        self.order.action_cancel()
        self.run_schedulers()
        self.assertEqual(self.voucher.state, "used")
        self.assertFalse(self.order._pinbu_refund_transactions())

    def test_a_refund_is_not_sent_before_its_payment_is_booked(self):
        self.seat.transaction_id.is_post_processed = False
        self.let_pass(self.voucher)
        self.expire()
        self.assertEqual(self.order._pinbu_refund_transactions().state, "draft")
        self.run_schedulers(3)
        self.assertTrue(self.seat.transaction_id.is_post_processed)
        self.assertEqual(self.order._pinbu_refund_transactions().state, "done")
