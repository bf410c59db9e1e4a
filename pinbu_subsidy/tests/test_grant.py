from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from .grant_common import GrantMixin


@tagged("post_install", "-at_install")
class TestGrant(GrantMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.ann, cls.ben = cls.shoppers(2)

    def test_each_kind_once(self):
        given = {}
        for kind in ("cash", "coupon", "ticket", "points", "gift"):
            given[kind] = self.owe(self.ann, kind)
        self.grant()
        self.grant()
        for subsidy in given.values():
            self.assertEqual((subsidy.state, subsidy.error), ("granted", False))
        self.assertEqual(self.balance(self.ann), 3.0)
        cards = self.env["loyalty.card"].search([("partner_id", "=", self.ann.id)])
        self.assertEqual(
            sorted((card.program_id.name, card.points) for card in cards),
            [
                ("Crunch points", 40),
                ("Five off", 1),
                ("Free team", 1),
                ("Subsidy Wallet", 3),
            ],
        )
        gift = given["gift"].gift_order_id
        self.assertEqual((gift.state, gift.amount_total), ("sale", 0))
        self.assertEqual(gift.order_line.product_id, self.product)
        self.assertEqual(gift.picking_ids.partner_id, self.ann)
        self.check_ledger()

    def test_a_coupon_is_valid_for_its_days(self):
        card = self.give(self.ann, "coupon").card_id
        today = fields.Datetime.context_timestamp(
            self.env["res.users"].with_context(tz=self.company._pinbu_timezone()),
            fields.Datetime.now(),
        ).date()
        self.assertEqual(card.expiration_date, today + timedelta(days=7))
        self.assertFalse(self.give(self.ann, "ticket").card_id.expiration_date)

    def test_points_go_on_the_one_card_with_a_line_of_history(self):
        self.ann.lang = "en_US"
        card = self.env["loyalty.card"].create(
            {"program_id": self.points_program.id, "partner_id": self.ann.id, "points": 5}
        )
        first = self.owe(self.ann, "points", key="prize:1")
        second = self.owe(self.ann, "points", key="prize:2", points=2)
        other = self.owe(self.ben, "points")
        self.grant()
        self.assertEqual(card.points, 47)
        self.assertEqual((first | second).card_id, card)
        self.assertEqual(sorted(card.history_ids.mapped("issued")), [2, 40])
        self.assertEqual(len(set(card.history_ids.mapped("description")) - {False}), 1)
        self.assertEqual(other.card_id.points, 40)
        self.grant()
        self.assertEqual(card.points, 47)

    def test_a_gift_waits_for_an_address_and_earns_nothing(self):
        stranger = self.env["res.partner"].create({"name": "Without address"})
        gift = self.give(stranger, "gift").gift_order_id
        self.assertEqual(gift.state, "draft")
        gift.action_confirm()
        shipped = self.give(self.ann, "gift").gift_order_id
        for order in gift | shipped:
            self.assertEqual((order.state, order.amount_total), ("sale", 0))
            self.assertFalse(order.coupon_point_ids)
        self.assertFalse(
            self.env["loyalty.card"].search([("program_id", "=", self.points_program.id)])
        )

    def test_a_program_that_gives_nothing_any_more(self):
        """It cannot be archived under what is owed; if it happened all the same, the row waits."""
        owed = self.owe(self.ann, "coupon")
        with self.refusing("not used yet"):
            self.coupon_program.active = False
        self.env.cr.execute(
            "UPDATE loyalty_program SET active = FALSE WHERE id = %s", [self.coupon_program.id]
        )
        self.env.invalidate_all()
        other = self.owe(self.ann, "cash")
        with self.assertLogs("odoo.addons.pinbu_subsidy.models.pinbu_subsidy_grant", "ERROR"):
            self.grant()
        self.assertEqual((owed.state, other.state), ("due", "granted"))
        self.assertIn("gives nothing any more", owed.error)
        self.coupon_program.active = True
        owed.action_retry()
        self.grant()
        self.assertEqual(owed.state, "granted")
        with self.refusing("not used yet"):
            self.coupon_program.active = False
        owed.card_id.points = 0
        self.coupon_program.active = False

    def test_taking_back_what_is_still_there(self):
        given = {kind: self.give(self.ann, kind) for kind in ("coupon", "ticket", "points", "gift")}
        given["points"].card_id.points -= 30
        used = self.give(self.ann, "coupon", key="used")
        used.card_id.points = 0
        subsidies = self.subsidies.union(*given.values(), used)
        self.assertEqual(subsidies._take_back("goods returned"), subsidies)
        self.assertFalse(subsidies._take_back("goods returned"))
        self.assertEqual(set(subsidies.mapped("state")), {"void"})
        for subsidy in (given["coupon"], given["ticket"], used):
            self.assertEqual((subsidy.card_id.active, subsidy.card_id.points), (False, 0))
        self.assertEqual(given["points"].card_id.points, 0)
        self.assertEqual(given["points"].card_id.history_ids.mapped("used"), [10, 0])
        self.assertEqual(given["gift"].gift_order_id.state, "cancel")

    def test_a_gift_that_was_shipped_is_not_taken_back(self):
        gift = self.give(self.ann, "gift")
        picking = gift.gift_order_id.picking_ids
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking._action_done()
        gift._take_back("goods returned")
        self.assertEqual(gift.gift_order_id.state, "sale")

    def test_shoppers_with_subsidies_of_one_key_stay_two(self):
        """A merge would delete one of them."""
        self.owe(self.ann, "cash")
        self.owe(self.ben, "cash")
        with self.assertRaises(UserError):
            self.env["base.partner.merge.automatic.wizard"]._merge(
                (self.ann | self.ben).ids, self.ann
            )


@tagged("post_install", "-at_install")
class TestOwner(GrantMixin, TransactionCase):
    """What was given to Ann, Ben cannot use."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.ann, cls.ben = cls.shoppers(2)

    def setUp(self):
        super().setUp()
        self.card = self.give(self.ann, "coupon").card_id

    def test_her_own_order_takes_it(self):
        order = self.plain_order(self.ann)
        claimable = order._try_apply_code(self.card.code)
        self.assertEqual(list(claimable), [self.card])
        order._apply_program_reward(self.coupon_program.reward_ids, self.card)
        self.assertEqual(order.reward_amount, -5)
        order.action_confirm()
        self.assertEqual(self.card.points, 0)

    def test_somebody_else_is_told_that_there_is_no_such_code(self):
        order = self.plain_order(self.ben)
        refusal = order._try_apply_code(self.card.code)
        unknown = order._try_apply_code("nothing")
        self.assertEqual(
            {**refusal, "error": refusal["error"].replace(self.card.code, "nothing")}, unknown
        )
        wizard = self.env["sale.loyalty.coupon.wizard"].create(
            {"order_id": order.id, "coupon_code": self.card.code}
        )
        with self.assertRaises(UserError):
            wizard.action_apply()

    def test_no_other_way_onto_somebody_elses_order(self):
        order = self.plain_order(self.ben)
        reward = self.coupon_program.reward_ids
        self.assertIn("error", order._apply_program_reward(reward, self.card))
        self.assertIn("error", order._try_apply_program(self.coupon_program, self.card))
        order.applied_coupon_ids = self.card
        self.assertFalse(order._get_claimable_rewards())
        order._update_programs_and_rewards()
        self.assertFalse(order.applied_coupon_ids)
        with self.refusing("another shopper"):
            order.order_line = [
                fields.Command.create(
                    {
                        "name": "Five off",
                        "product_id": reward.discount_line_product_id.id,
                        "price_unit": -5,
                        "reward_id": reward.id,
                        "coupon_id": self.card.id,
                        "points_cost": 1,
                    }
                )
            ]
        own = self.plain_order(self.ann)
        own._try_apply_code(self.card.code)
        own._apply_program_reward(reward, self.card)
        with self.refusing("another shopper"):
            own.partner_id = self.ben

    def test_a_clerk_cannot_reassign_it(self):
        clerk = self.env["res.users"].create(
            {
                "name": "Clerk",
                "login": "sales clerk",
                "group_ids": [
                    fields.Command.link(self.env.ref("sales_team.group_sale_manager").id)
                ],
            }
        )
        card = self.card.with_user(clerk)
        tomorrow = fields.Date.today() + timedelta(days=1)
        for vals in (
            {"partner_id": self.ben.id},
            {"partner_id": False},
            {"program_id": self.ticket_program.id},
            {"active": False},
            {"expiration_date": tomorrow},
        ):
            with self.refusing("given to a shopper"):
                card.write(vals)
        card.expiration_date += timedelta(days=30)
        ordinary = self.env["loyalty.card"].create(
            {"program_id": self.coupon_program.id, "partner_id": self.ann.id, "points": 1}
        )
        ordinary.with_user(clerk).partner_id = self.ben
        self.assertIn("not_found", self.plain_order(self.ben)._try_apply_code(self.card.code))
        self.assertNotIn("not_found", self.plain_order(self.ben)._try_apply_code(ordinary.code))
