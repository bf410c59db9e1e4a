from datetime import timedelta
from unittest.mock import patch

from psycopg2 import errors

from odoo import SUPERUSER_ID, Command, api
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.payment.models.payment_transaction import PaymentTransaction

from .invariants import assert_invariants, assert_settled
from .test_receipt import AfterPurchaseCase

RETURN_FIELDS = {
    "id", "order_id", "order_name", "product_id", "product_name", "image_url", "quantity",
    "quantity_received", "reason", "photos", "state", "answer", "currency", "amount", "refund",
    "created_at", "answered_at", "received_at", "actions",
}  # fmt: skip


class ReturnCase(AfterPurchaseCase):
    """Ann has got three pieces, of which 59.70 in all was paid for."""

    QUANTITY = 3

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(cls.env, "after_marketer", groups="pinbu_groupbuy.group_user")
        cls.manager = new_test_user(cls.env, "after_manager", groups="pinbu_groupbuy.group_manager")

    def setUp(self):
        super().setUp()
        self.order_won = self.win()
        self.seat = self.order_won.seat_ids
        self.ship(self.order_won)
        self.path = f"/orders/{self.order_won.id}/returns"

    def ask(self, quantity=1, **values):
        """:return: the return as staff sees it"""
        answer = self.post(self.path, {"quantity": quantity, "reason": "Too salty", **values})
        self.assertEqual(answer.status, 201, answer.text)
        return self.env["pinbu.return"].browse(answer.data["id"]).with_user(self.marketer)

    def answer(self, request, refuse=False, text="To our warehouse", user=None, **values):
        request = request.with_user(user or self.marketer)
        action = request.action_refuse() if refuse else request.action_accept()
        wizard = Form(self.env[action["res_model"]].with_user(request.env.user).with_context(
            **action["context"]
        ))  # fmt: skip
        wizard.answer = text
        for name, value in values.items():
            setattr(wizard, name, value)
        wizard.save().action_confirm()
        self.env.flush_all()

    def come_back(self, request, quantity=None):
        """The warehouse has the goods of the return, or so many of them."""
        picking = request.sudo().picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        for one in picking:
            self.validate(one, quantity)
        self.env.invalidate_all()

    def api(self, request):
        answer = self.call("GET", f"/me/returns/{request.id}", token=self.ann)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def refunded(self):
        """:return: what of Ann's payment goes back, in fen"""
        self.env.invalidate_all()
        return round(self.seat.transaction_id.pinbu_refunded * 100)

    def tearDown(self):
        self.env.flush_all()
        assert_invariants(self.env.cr)
        super().tearDown()


@tagged("post_install", "-at_install")
class TestReturns(ReturnCase):
    def test_goods_come_back_and_the_money_follows(self):
        self.assertIn("return", self.seen(self.order_won)["actions"])
        request = self.ask(2, photos=["https://shop.example/p/1.jpg"])
        shown = self.api(request)
        self.assertEqual(shown.keys(), RETURN_FIELDS)
        self.assertEqual(
            (shown["state"], shown["quantity"], shown["amount"], shown["refund"]),
            ("requested", 2, 3980, None),
        )
        self.assertEqual(shown["photos"], ["https://shop.example/p/1.jpg"])
        listed = self.call("GET", "/me/returns", token=self.ann).data
        self.assertEqual((listed["items"], listed["next_cursor"]), ([shown], None))
        self.assertEqual(self.order_won.activity_ids.mapped("summary"), [
            "A shopper wants to send goods back"
        ])  # fmt: skip
        self.answer(request)
        self.assertFalse(self.order_won.activity_ids)
        shown = self.api(request)
        self.assertEqual((shown["state"], shown["answer"]), ("accepted", "To our warehouse"))
        self.assertEqual(self.kinds()[0], "return_accepted")
        self.assertEqual(self.notices()[0]["text"], "To our warehouse")
        # Awaited, not received: nothing goes back yet, and the order still is what it was.
        self.assertEqual(self.refunded(), 0)
        self.assertEqual(self.seen(self.order_won)["delivery"]["state"], "shipped")
        self.assertEqual(self.tabs_of(self.order_won), ["to_receive"])
        before = self.product.qty_available
        self.come_back(request)
        self.assertEqual(self.product.qty_available, before + 2)
        self.assertEqual(self.refunded(), 3980)
        self.assertEqual(request.state, "received")
        self.assertEqual(self.api(request)["refund"], {"state": "due", "amount": 3980})
        self.run_schedulers()
        shown = self.api(request)
        self.assertEqual((shown["state"], shown["quantity_received"]), ("refunded", 2))
        self.assertEqual(shown["refund"], {"state": "done", "amount": 3980})
        self.assertEqual((self.notices()[0]["kind"], self.notices()[0]["amount"]), (
            "refunded", 3980,
        ))  # fmt: skip
        order = self.seen(self.order_won)
        self.assertEqual((order["state"], order["refund"]["amount"]), ("won", 3980))
        # Who sent goods back has had them.
        self.assertEqual(order["delivery"]["state"], "delivered")
        self.assertNotIn("receive", order["actions"])
        self.assertEqual(self.tabs_of(self.order_won), ["done"])
        self.assertEqual([refund["reason"] for refund in order["refunds"]], ["return"])
        self.assertEqual(len(order["deliveries"]), 1)
        self.run_schedulers()
        assert_settled(self.env.cr)
        self.assertEqual(
            request.transition_ids.sorted("id").mapped("to_state"),
            ["requested", "accepted", "received", "refunded"],
        )

    def test_no_piece_is_asked_back_twice(self):
        self.assertEqual(self.post(self.path, {"quantity": 4}).code, "limit_reached")
        self.ask(2)
        answer = self.post(self.path, {"quantity": 2})
        self.assertEqual((answer.status, answer.code), (409, "limit_reached"))
        self.assertEqual(answer.details, {"max_quantity": 1})
        self.ask(1)
        self.assertEqual(self.post(self.path, {"quantity": 1}).code, "not_allowed_now")
        self.assertNotIn("return", self.seen(self.order_won)["actions"])
        for wrong in ({}, {"quantity": 0}, {"quantity": -1}, {"quantity": "2"}):
            self.assertEqual(self.post(self.path, wrong).status, 400)
        # The database itself refuses.
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(errors.CheckViolation),
            self.env.cr.savepoint(flush=False),
        ):
            self.seat._count_returned(1)

    def test_one_key_asks_once(self):
        body = {"quantity": 1, "reason": "Twice tapped"}
        first = self.call("POST", self.path, body, self.ann, key="once")
        again = self.call("POST", self.path, body, self.ann, key="once")
        self.assertEqual(first.text, again.text)
        self.assertEqual(self.seat.quantity_returned, 1)

    def test_only_in_its_days(self):
        self.post(f"/orders/{self.order_won.id}/receive")
        self.let_days_pass(self.seat, 6)
        self.assertIn("return", self.seen(self.order_won)["actions"])
        self.let_days_pass(self.seat, 3)
        self.assertNotIn("return", self.seen(self.order_won)["actions"])
        self.assertEqual(self.post(self.path, {"quantity": 1}).code, "not_allowed_now")
        self.let_days_pass(self.seat, -3)
        self.company.pinbu_return_days = 0
        self.assertEqual(self.post(self.path, {"quantity": 1}).code, "not_allowed_now")

    def test_not_before_it_is_shipped(self):
        order = self.win()
        self.assertEqual(
            self.post(f"/orders/{order.id}/returns", {"quantity": 1}).code, "not_allowed_now"
        )
        self.ship(order, 1)
        self.assertEqual(
            self.post(f"/orders/{order.id}/returns", {"quantity": 1}).code, "not_allowed_now"
        )
        # Only one of three was ever sent.
        order.picking_ids.filtered(lambda p: p.state == "assigned").action_cancel()
        self.env.flush_all()
        answer = self.post(f"/orders/{order.id}/returns", {"quantity": 2})
        self.assertEqual(answer.details, {"max_quantity": 1})

    def test_what_is_another_shoppers_does_not_exist(self):
        request = self.ask(1)
        self.assertEqual(self.post(self.path, {"quantity": 1}, self.bob).status, 404)
        path = f"/me/returns/{request.id}"
        self.assertEqual(self.call("GET", path, token=self.bob).status, 404)
        self.assertEqual(self.post(f"{path}/cancel", token=self.bob).status, 404)
        self.assertEqual(self.call("GET", "/me/returns", token=self.bob).data["items"], [])
        self.assertEqual(self.call("GET", "/me/returns").status, 401)
        portal = self.user_of("Bob")
        self.assertFalse(self.env["pinbu.return"].with_user(portal).search([]))
        mine = self.env["pinbu.return"].with_user(self.user_of("Ann Smith"))
        self.assertEqual(mine.search([]).ids, request.ids)

    def test_refused(self):
        request = self.ask(3)
        with self.refusing("Tell the shopper"):
            self.answer(request, refuse=True, text=" ")
        self.answer(request, refuse=True, text="It was opened")
        shown = self.api(request)
        self.assertEqual((shown["state"], shown["answer"]), ("refused", "It was opened"))
        self.assertEqual(self.notices()[0]["kind"], "return_refused")
        with self.refusing("decided already"):
            request.sudo()._accept()
        self.assertEqual(self.refunded(), 0)
        # Asked again, and better.
        self.ask(3)

    def test_the_shopper_keeps_the_goods_after_all(self):
        for accept in (False, True):
            request = self.ask(3)
            if accept:
                self.answer(request)
            self.assertEqual(self.api(request)["actions"], ["cancel"])
            answer = self.post(f"/me/returns/{request.id}/cancel")
            self.assertEqual((answer.status, answer.data["state"]), (200, "cancelled"))
            self.assertFalse(
                request.sudo().picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
            )
            answer = self.post(f"/me/returns/{request.id}/cancel")
            self.assertEqual(answer.code, "not_allowed_now")
        request = self.ask(3)
        self.answer(request)
        self.come_back(request, 1)
        answer = self.post(f"/me/returns/{request.id}/cancel")
        self.assertEqual(answer.code, "not_allowed_now")

    def test_a_part_comes_back(self):
        request = self.ask(3)
        self.answer(request)
        self.come_back(request, 1)
        self.assertEqual(self.refunded(), 1990)
        self.assertEqual(request.quantity_received, 1)
        open_pickings = request.sudo().picking_ids.filtered(lambda p: p.state != "done")
        open_pickings.action_cancel()
        self.env.flush_all()
        self.assertEqual(request.state, "received")
        # What did not come may be asked back again.
        self.assertEqual(self.seat.quantity_returned, 1)
        second = self.ask(2)
        self.answer(second)
        self.come_back(second)
        self.assertEqual(self.refunded(), 5970)
        self.run_schedulers()
        self.assertEqual((request.state, second.state), ("refunded", "refunded"))

    def test_nothing_comes_back(self):
        request = self.ask(3)
        self.answer(request)
        request.sudo().picking_ids.action_cancel()
        self.env.flush_all()
        self.assertEqual(request.state, "cancelled")
        self.assertEqual((self.refunded(), self.seat.quantity_returned), (0, 0))
        request = self.ask(3)
        self.answer(request)
        request.with_user(self.marketer).action_cancel()
        self.assertEqual((request.state, self.seat.quantity_returned), ("cancelled", 0))
        self.assertEqual(set(request.sudo().picking_ids.mapped("state")), {"cancel"})

    def test_more_than_asked_comes_back(self):
        request = self.ask(1)
        self.answer(request)
        self.come_back(request, 3)
        self.assertEqual(self.refunded(), 1990)
        self.assertEqual((request.state, request.quantity_received), ("received", 1))

    def test_a_clerk_was_faster(self):
        """A native return without a request is the clerk's affair, and no second one follows."""
        picking = self.order_won.picking_ids
        wizard = self.env["stock.return.picking"].with_user(self.clerk).create(
            {"picking_id": picking.id}
        )  # fmt: skip
        wizard.product_return_moves.quantity = 2
        back = wizard._create_return()
        self.validate(back)
        self.assertEqual(self.refunded(), 0)
        request = self.ask(2)
        with self.refusing("have come back already"):
            self.answer(request)
        self.env.invalidate_all()
        self.assertEqual(request.state, "requested")

    def test_a_return_is_not_pinned_to_a_delivery_by_hand(self):
        request = self.ask(1)
        picking = self.order_won.picking_ids.with_user(self.clerk)
        with self.refusing("not set by hand"):
            picking.pinbu_return_id = request.id
        with self.refusing("not set by hand"):
            picking.copy({"pinbu_return_id": request.id})
        self.answer(request)
        # A copy of the right one is not one.
        copy = request.sudo().picking_ids.with_user(self.clerk).copy()
        self.assertFalse(copy.sudo().pinbu_return_id)

    def test_without_goods(self):
        request = self.ask(2)
        with self.assertRaises(AccessError):
            request.with_user(self.marketer).action_refund_without_goods()
        with self.assertRaises(AccessError):
            request.with_user(self.clerk).action_refund_without_goods()
        self.answer(request)
        request.with_user(self.manager).action_refund_without_goods()
        self.assertEqual((request.state, self.refunded()), ("received", 3980))
        self.assertEqual(set(request.sudo().picking_ids.mapped("state")), {"cancel"})
        with self.refusing("decided already"):
            request.with_user(self.manager).action_refund_without_goods()
        self.run_schedulers()
        self.assertEqual((request.state, self.refunded()), ("refunded", 3980))

    def test_who_may_answer(self):
        request = self.ask(1)
        salesman = new_test_user(self.env, "s", groups="sales_team.group_sale_salesman")
        for user in (salesman, self.clerk, self.user_of("Ann Smith")):
            with self.assertRaises(AccessError):
                request.with_user(user).action_cancel()
            with self.assertRaises(AccessError):
                self.answer(request, user=user)
            with self.assertRaises(AccessError):
                request.with_user(user).state = "received"
        with self.assertRaises(AccessError):
            request.with_user(self.manager).state = "received"
        with self.assertRaises(UserError):
            request.sudo().unlink()

    def test_another_companys_staff_sees_nothing(self):
        other = self.env["res.company"].create({"name": "Other"})
        user = new_test_user(
            self.env,
            "other",
            groups="pinbu_groupbuy.group_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        request = self.ask(1)
        self.assertFalse(self.env["pinbu.return"].with_user(user).search([]))
        self.assertFalse(self.env["pinbu.notice"].with_user(user).search([]))
        with self.assertRaises(AccessError):
            request.with_user(user).action_cancel()

    def test_the_merchant_cancels_what_came_back(self):
        """The rest of the money goes back with the order, and no fen more."""
        request = self.ask(3)
        self.answer(request)
        self.come_back(request)
        self.run_schedulers()
        self.order_won._action_cancel()
        self.seat._settle()
        self.run_schedulers()
        self.assertEqual(self.refunded(), 5970)

    def test_a_refund_by_hand_came_before(self):
        """What is left is all that can go back."""
        self.seat.transaction_id._refund(amount_to_refund=50.0)
        request = self.ask(3)
        self.answer(request)
        self.come_back(request)
        self.assertEqual(self.refunded(), 5970)
        self.assertEqual(self.api(request)["refund"]["amount"], 970)
        self.run_schedulers()
        self.assertEqual(request.state, "refunded")

    def test_a_provider_that_fails_is_tried_again(self):
        request = self.ask(3)
        self.answer(request)
        self.come_back(request)

        def fail(_tx):
            raise ConnectionError("away")

        with patch.object(PaymentTransaction, "_send_refund_request", fail), mute_logger(
            "odoo.addons.pinbu_groupbuy.models.payment_transaction_worker"
        ):  # fmt: skip
            self.run_scheduler("money")
        self.assertEqual(request.state, "received")
        self.let_time_pass(request.sudo().refund_ids)
        self.run_schedulers()
        self.assertEqual((request.state, self.refunded()), ("refunded", 5970))


@tagged("post_install", "-at_install")
class TestUnanswered(ReturnCase):
    def run_answers(self):
        self.env.flush_all()
        with self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["pinbu.return"]._cron_answer()
        self.env.invalidate_all()

    def let_wait(self, request, days):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_return SET create_date = create_date - %s WHERE id = %s",
            [timedelta(days=days), request.id],
        )
        self.env.invalidate_all()

    def test_silence_accepts(self):
        request = self.ask(1)
        self.let_wait(request, 1)
        self.run_answers()
        self.assertEqual(request.state, "requested")
        self.let_wait(request, 2)
        self.company.pinbu_answer_days = 0
        self.run_answers()
        self.assertEqual(request.state, "requested")
        self.company.pinbu_answer_days = 2
        self.run_answers()
        self.assertEqual(request.state, "accepted")
        self.come_back(request)
        self.assertEqual(self.refunded(), 1990)

    def test_one_that_cannot_be_accepted_stops_no_other(self):
        broken, good = self.ask(1), self.ask(1)
        for request in (broken, good):
            self.let_wait(request, 3)
        await_goods = type(broken)._await_goods

        def break_first(request):
            if request.id == broken.id:
                raise ValueError(request)
            return await_goods(request)

        with patch.object(type(broken), "_await_goods", break_first), mute_logger(
            "odoo.addons.pinbu_groupbuy.models.pinbu_return_answer"
        ):  # fmt: skip
            self.run_answers()
        self.assertEqual((broken.state, good.state), ("requested", "accepted"))
