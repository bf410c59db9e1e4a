from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.models.pinbu_seat_means import Means
from odoo.addons.pinbu_groupbuy.tests.invariants import assert_money, assert_settled

from .means_common import WITH_WALLET, MeansMixin


@tagged("post_install", "-at_install")
class TestCoupon(MeansMixin, TransactionCase):
    """19.90 to pay; coupons, tickets and points that take something off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.ann, cls.ben, cls.carl = cls.shoppers(3)
        cls.five_off = cls.make_program("Five off", discount=5, discount_mode="per_order")
        cls.five = cls.make_coupon(cls.five_off)
        cls.free_team = cls.make_program("Free team", discount=100)
        cls.free_team.pinbu_is_ticket = True
        cls.ticket = cls.make_coupon(cls.free_team)

    @classmethod
    def make_coupon(cls, program, partner=None, **vals):
        return cls.env["loyalty.card"].create(
            {
                "program_id": program.id,
                "partner_id": (partner or cls.ann).id,
                "points": 1,
                **vals,
            }
        )

    def means(self, *coupons, use_wallet=False, points=0):
        return Means(use_wallet, tuple(sorted(coupon.id for coupon in coupons)), points)

    def order_with(self, *coupons, **kwargs):
        means = self.means(
            *coupons, use_wallet=kwargs.pop("use_wallet", False), points=kwargs.pop("points", 0)
        )
        return self.checkout(self.ann, means=means, **kwargs)

    def refusal(self, *coupons, **kwargs):
        """:return: the reason why these coupons are refused"""
        with self.assertRaises(PinbuError) as caught:
            self.order_with(*coupons, **kwargs)
        return caught.exception.details.get("reason") or caught.exception.code

    def settle(self):
        for _round in range(3):
            self.skip_delay()
            self.run_schedulers()
        self.env.flush_all()
        assert_settled(self.env.cr)
        assert_money(self.env, self.env["pinbu.seat"].search([]).order_id)

    def test_a_coupon_is_taken_with_the_order(self):
        order = self.order_with(self.five)
        self.assertEqual((order.amount_total, self.five.points), (14.9, 0))
        self.assertEqual(order._pinbu_start_payment().amount, 14.9)
        line = order.order_line.filtered("pinbu_coupon_use_id")
        self.assertEqual((line.price_total, line.name), (-5, "Five off"))
        self.assertFalse(line.is_reward_line)
        use = self.five.pinbu_use_ids
        self.assertEqual((use.order_id, use.state, use.amount, use.points), (order, "taken", 5, 1))

    def test_one_coupon_serves_one_order(self):
        first = self.order_with(self.five)
        other = self.make_activity(product=self.make_product("Nuts", 10))
        self.assertEqual(self.refusal(self.five, activity=other), "used")
        self.assertEqual(first.seat_ids.state, "held")
        self.assertFalse(other._has_seats())

    def test_it_is_taken_and_given_back_once(self):
        use = self.order_with(self.five).pinbu_coupon_use_ids
        other = self.checkout(self.ben)
        with self.assertRaises(PinbuError):
            # As an order that has not seen the other one yet.
            use._take(other, [(self.five, 1, 5)])
        use._give_back()
        use._give_back()
        self.assertEqual(self.five.points, 1)

    def test_a_hold_that_lapses_gives_it_back(self):
        order = self.order_with(self.five, points=0)
        self.let_lapse(order.seat_ids)
        self.settle()
        self.assertEqual((self.five.points, self.five.pinbu_use_ids.state), (1, "returned"))
        self.assertEqual(
            [(line.used, line.issued) for line in self.five.history_ids.sorted("id")],
            [(1, 0), (0, 1)],
        )
        self.assertEqual(self.order_with(self.five).amount_total, 14.9)

    def test_a_failed_team_gives_it_back_with_the_time_it_had(self):
        today = fields.Date.today()
        self.five.expiration_date = today + timedelta(days=3)
        team = self.pay(self.order_with(self.five)).seat_ids.team_id
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_coupon_use SET create_date = create_date - interval '5 d'"
        )
        self.env.invalidate_all()
        self.pass_deadline(team)
        self.settle()
        self.assertEqual((self.five.points, self.five.pinbu_use_ids.state), (1, "returned"))
        self.assertEqual(self.five.expiration_date, today + timedelta(days=8))
        # Once, whatever is run again.
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=team.seat_ids.ids)
        self.settle()
        self.assertEqual(self.five.points, 1)

    def test_it_is_spent_for_good_when_won(self):
        team = self.pay(self.order_with(self.five)).seat_ids.team_id
        order = team.order_ids
        self.assertEqual(self.five.pinbu_use_ids.state, "taken")
        self.join(self.ben, team)
        self.join(self.carl, team)
        self.settle()
        self.assertEqual((team.state, self.five.pinbu_use_ids.state), ("formed", "spent"))
        self.assertEqual(self.five.points, 0)
        invoice = order._create_invoices()
        self.assertEqual(invoice.amount_total, 14.9)
        return order

    def test_a_win_that_the_merchant_cancels_gives_it_back(self):
        team = self.pay(self.order_with(self.five)).seat_ids.team_id
        self.join(self.ben, team)
        self.join(self.carl, team)
        self.settle()
        order = self.five.pinbu_use_ids.order_id
        order._action_cancel()
        self.env["pinbu.settlement"]._enqueue(self.env.cr, seat_ids=order.seat_ids.ids)
        self.settle()
        self.assertEqual((self.five.points, self.five.pinbu_use_ids.state), (1, "returned"))

    def test_a_ticket_pays_all(self):
        order = self.order_with(self.ticket)
        self.assertEqual((order.amount_total, order._pinbu_amount_due()), (0, 0))
        payment = order._pinbu_start_payment()
        self.assertEqual(
            (payment.state, payment.amount, payment.provider_code), ("done", 0, "wallet")
        )
        self.env.invalidate_all()
        self.assertEqual(order.seat_ids.state, "paid")
        team = order.seat_ids.team_id
        self.assertEqual(team.seats_paid, 1)
        self.pass_deadline(team)
        self.settle()
        self.assertEqual((order.seat_ids.state, self.ticket.points), ("lost", 1))
        self.assertFalse(order.seat_ids.refund_state)

    def test_a_ticket_that_wins(self):
        team = self.pay_free(self.order_with(self.ticket)).team_id
        self.join(self.ben, team)
        self.join(self.carl, team)
        self.settle()
        seat = self.ticket.pinbu_use_ids.order_id.seat_ids
        self.assertEqual((seat.state, seat.order_id.state), ("won", "sale"))
        self.assertEqual(self.ticket.pinbu_use_ids.state, "spent")

    def pay_free(self, order):
        order._pinbu_start_payment()
        self.env.invalidate_all()
        return order.seat_ids

    def test_a_ticket_does_not_pay_the_delivery(self):
        carrier = self.env["delivery.carrier"].create(
            {
                "name": "Post",
                "fixed_price": 6.0,
                "free_over": True,
                "amount": 15.0,
                "product_id": self.env["product.product"]
                .create({"name": "Post", "type": "service", "taxes_id": [Command.clear()]})
                .id,
            }
        )
        activity = self.make_activity(
            product=self.make_product("Nuts", 10), price=10.0, delivery_method_ids=carrier.ids
        )
        order = self.order_with(self.ticket, activity=activity, address=self.ann)
        self.assertEqual((order.amount_total, order._pinbu_amount_due()), (6.0, 6.0))
        # A coupon takes nothing off what decides about the fee.
        dear = self.make_activity(
            product=self.make_product("Salt", 10), price=16.0, delivery_method_ids=carrier.ids
        )
        order = self.order_with(self.five, activity=dear, address=self.ann)
        self.assertEqual(order.amount_total, 11.0)
        again = self.order_with(self.five, activity=dear, address=self.ann)
        self.assertEqual((again, order.amount_total, self.five.points), (order, 11.0, 0))
        self.assertEqual(len(self.five.pinbu_use_ids), 1)

    def test_more_than_the_goods_is_never_taken_off(self):
        dear = self.make_coupon(self.make_program("Fifty", discount=50, discount_mode="per_order"))
        order = self.order_with(dear)
        self.assertEqual(order.amount_total, 0)
        self.assertEqual(dear.pinbu_use_ids.amount, 19.9)
        self.assertEqual(self.refusal(dear, self.five), "nothing_left")

    def test_several_of_different_kinds(self):
        tenth = self.make_coupon(self.make_program("A tenth", discount=10))
        self.assertEqual(self.order_with(self.five, tenth).amount_total, 12.91)
        twin = self.make_coupon(self.five_off)
        self.assertEqual(self.refusal(self.five, twin), "one_of_a_kind")

    def test_what_cannot_be_used(self):
        today = fields.Date.today()
        other = self.make_activity(product=self.make_product("Nuts", 10), publish=False)
        big = self.make_program("Big orders", discount=5, discount_mode="per_order")
        big.rule_ids = [Command.create({"minimum_amount": 20.0, "reward_point_amount": 1})]
        elsewhere = self.make_program("Elsewhere", discount=5)
        elsewhere.pinbu_activity_ids = other
        closed = self.make_program("Closed", discount=5, date_to=today - timedelta(days=1))
        later = self.make_program("Later", discount=5, date_from=today + timedelta(days=2))
        nuts_only = self.make_program(
            "Nuts only",
            discount=5,
            discount_applicability="specific",
            discount_product_ids=other.line_ids.product_id.ids,
        )
        archived = self.make_coupon(self.make_program("Archived", discount=5))
        archived.program_id.active = False
        cases = {
            "min_amount": self.make_coupon(big),
            "not_accepted": self.make_coupon(elsewhere),
            "expired": self.make_coupon(self.five_off, expiration_date=today - timedelta(days=2)),
            "used": self.make_coupon(self.five_off, points=0),
            "not_started": self.make_coupon(later),
        }
        for reason, card in cases.items():
            with self.subTest(reason):
                self.assertEqual(self.refusal(card), reason)
        self.assertEqual(self.refusal(self.make_coupon(closed)), "expired")
        self.assertEqual(self.refusal(self.make_coupon(nuts_only)), "not_accepted")
        self.assertEqual(self.refusal(archived), "not_accepted")
        self.assertFalse(self.activity._has_seats())
        # From two pieces on it is enough.
        self.activity.max_quantity = 2
        order = self.order_with(cases["min_amount"], quantity=2)
        self.assertEqual(order.amount_total, 34.8)
        # One piece less, and it is too small.
        self.assertEqual(self.refusal(cases["min_amount"]), "min_amount")
        self.assertEqual(order.amount_total, 34.8)

    def test_shoppers_see_where_a_coupon_can_be_used(self):
        [shown] = self.five._to_api_coupons(self.company)
        self.assertIsNone(shown["activity_ids"])
        self.five_off.pinbu_activity_ids = self.activity
        [shown] = self.five._to_api_coupons(self.company)
        self.assertEqual(shown["activity_ids"], self.activity.ids)

    def test_an_activity_without_coupons(self):
        self.activity.accepts_coupons = False
        self.assertEqual(self.refusal(self.five), "not_accepted")
        self.assertEqual(self.order_with(self.ticket).amount_total, 0)

    def test_cards_of_others_and_of_other_kinds(self):
        self.assertEqual(self.refusal(self.make_coupon(self.five_off, self.ben)), "not_found")
        anonymous = self.make_coupon(self.five_off)
        anonymous.partner_id = False
        self.assertEqual(self.refusal(anonymous), "not_found")
        self.assertEqual(self.refusal(self.fill_wallet(self.ann, 5.0)), "not_found")
        voucher = self.make_coupon(self.company._pinbu_voucher_program())
        self.assertEqual(self.refusal(voucher), "not_found")
        with self.assertRaises(PinbuError) as caught:
            self.checkout(self.ann, means=Means(coupon_ids=(2**40,)))
        self.assertEqual(caught.exception.code, "not_found")

    def make_points(self, points, **reward):
        reward = {"discount": 0.01, "discount_mode": "per_point", "required_points": 10, **reward}
        program = self.make_program("Points", program_type="loyalty", **reward)
        self.assertEqual(self.company._pinbu_points_program(), program)
        return self.make_coupon(program, points=points)

    def test_points(self):
        self.env["loyalty.program"].search([("program_type", "=", "loyalty")]).active = False
        card = self.make_points(1005)
        order = self.order_with(points=505)
        # Whole rewards only: 50 of ten points each.
        self.assertEqual((order.amount_total, card.points), (14.9, 505))
        self.assertEqual(self.order_with(points=1005).amount_total, 9.9)
        self.assertEqual(card.points, 5)
        self.assertEqual(self.refusal(points=1006), "insufficient_balance")
        self.assertEqual(self.refusal(points=9), "not_allowed_now")
        self.let_lapse(order.seat_ids)
        self.settle()
        self.assertEqual(card.points, 1005)

    def test_nobody_has_points_in_a_shop_without(self):
        self.env["loyalty.program"].search([("program_type", "=", "loyalty")]).active = False
        self.assertEqual(self.refusal(points=1), "insufficient_balance")

    def test_points_take_no_more_than_is_left(self):
        self.env["loyalty.program"].search([("program_type", "=", "loyalty")]).active = False
        card = self.make_points(5000)
        order = self.order_with(self.five, points=5000)
        self.assertEqual((order.amount_total, card.points), (0, 3510))

    def test_all_together(self):
        self.env["loyalty.program"].search([("program_type", "=", "loyalty")]).active = False
        wallet = self.fill_wallet(self.ann, 8.0)
        points = self.make_points(300)
        order = self.order_with(self.five, use_wallet=True, points=300)
        self.assertEqual((order.amount_total, order._pinbu_amount_due()), (11.9, 3.9))
        # The shopper thinks better of the coupon; then of all.
        self.order_with(use_wallet=True, points=300)
        self.assertEqual((order.amount_total, order._pinbu_amount_due()), (16.9, 8.9))
        self.assertEqual((self.five.points, points.points), (1, 0))
        self.order_with()
        self.run_scheduler("money")
        self.assertEqual((order.amount_total, order._pinbu_amount_due()), (19.9, 19.9))
        self.assertEqual((self.five.points, points.points, wallet.points), (1, 300, 8.0))
        order = self.order_with(self.five, use_wallet=True, points=300)
        self.pay(order)
        self.pass_deadline(order.seat_ids.team_id)
        self.settle()
        self.assertEqual((self.five.points, points.points, wallet.points), (1, 300, 8.0))
        self.assertAlmostEqual(order.amount_paid, 0)

    def test_another_quantity_takes_another_amount_off(self):
        self.activity.max_quantity = 3
        tenth = self.make_coupon(self.make_program("A tenth", discount=10))
        order = self.order_with(tenth)
        self.assertEqual(order.amount_total, 17.91)
        self.order_with(tenth, quantity=2)
        self.assertEqual((order.amount_total, len(tenth.pinbu_use_ids)), (35.82, 1))
        self.assertEqual(tenth.pinbu_use_ids.amount, 3.98)
        self.pay(order)
        self.assertEqual(order.seat_ids.state, "paid")

    def test_a_late_payment_whose_coupon_is_back_is_refunded(self):
        order = self.order_with(self.five)
        payment = order._pinbu_start_payment()
        self.let_lapse(order.seat_ids)
        self.run_scheduler("close")
        self.run_scheduler("settle")
        self.assertEqual(self.five.points, 1)
        payment._set_done()
        self.settle()
        self.assertEqual((order.seat_ids.state, payment.pinbu_refunded), ("released", 14.9))

    def test_a_late_payment_that_overtakes_settlement_keeps_its_coupon(self):
        order = self.order_with(self.five)
        payment = order._pinbu_start_payment()
        self.let_lapse(order.seat_ids)
        self.run_scheduler("close")
        payment._set_done()
        self.skip_delay()
        self.run_schedulers()
        self.assertEqual((order.seat_ids.state, self.five.points), ("paid", 0))

    def test_a_subsidy_that_was_taken_back_does_not_come_back(self):
        self.env["pinbu.subsidy"].create(
            {
                "partner_id": self.ann.id,
                "company_id": self.company.id,
                "key": "test",
                "type": "coupon",
                "reason": "invite",
                "program_id": self.five_off.id,
                "card_id": self.five.id,
                "state": "granted",
                "granted_at": fields.Datetime.now(),
                "due_at": fields.Datetime.now(),
            }
        )
        order = self.order_with(self.five)
        self.five.pinbu_subsidy_ids._take_back("returned")
        self.let_lapse(order.seat_ids)
        self.settle()
        self.assertEqual((self.five.points, self.five.pinbu_use_ids.state), (0, "returned"))

    def test_tickets_earn_nothing_and_coupons_do(self):
        promised = []
        original = type(self.activity)._promise

        def promise(activity, partner, line, quantity, team, is_fresh=True, **kwargs):
            promised.append(is_fresh)
            return original(activity, partner, line, quantity, team, is_fresh, **kwargs)

        self.patch(type(self.activity), "_promise", promise)
        seats = self.env["pinbu.seat"]
        for means in (self.means(self.ticket), self.means(self.five), WITH_WALLET):
            seats._quote(self.ann, self.activity, self.product, 1, None, means=means)
        self.assertEqual(promised, [False, True, True])

    def test_who_sees_what_coupons_paid(self):
        use = self.order_with(self.five).pinbu_coupon_use_ids
        marketer = new_test_user(self.env, "marketer", groups="pinbu_groupbuy.group_user")
        self.assertEqual(use.with_user(marketer).amount, 5)
        own, other = (
            new_test_user(self.env, name, groups="base.group_portal") for name in ("own", "other")
        )
        use.order_id.partner_id = own.partner_id
        self.env.flush_all()
        self.assertEqual(use.with_user(own).amount, 5)
        with self.assertRaises(AccessError):
            use.with_user(other).read(["amount"])
        with self.assertRaises(AccessError):
            use.with_user(marketer).amount = 1
        with self.assertRaises(UserError):
            use.unlink()
