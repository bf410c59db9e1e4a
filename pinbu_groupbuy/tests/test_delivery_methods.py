from contextlib import nullcontext
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.sql_db import Cursor
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import SQL

from ..exceptions import PinbuError
from .common import GroupBuyCase


class DeliveryMixin:
    """An activity with an express, a local and a pick-up method, and addresses to ship to."""

    @classmethod
    def set_up_methods(cls):
        cls.china = cls.env.ref("base.cn")
        cls.shanghai = cls.env.ref("base.state_cn_SH")
        cls.zhejiang = cls.env.ref("base.state_cn_ZJ")
        cls.express = cls.make_method(
            "Express", 8.0, sequence=1, free_over=True, amount=39.0, country_ids=cls.china.ids
        )
        cls.local = cls.make_method(
            "Local", 5.0, "local", sequence=2, country_ids=cls.china.ids, state_ids=cls.shanghai.ids
        )
        cls.pickup = cls.make_method("Our shop", 0.0, "pickup", sequence=3)
        cls.methods = cls.express + cls.local + cls.pickup
        cls.activity.max_quantity = 5
        cls.activity.delivery_method_ids = cls.methods

    @classmethod
    def make_method(cls, name, price, kind="express", company=None, **vals):
        product = cls.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "list_price": price,
                "taxes_id": [Command.clear()],
                "company_id": company and company.id,
            }
        )
        return cls.env["delivery.carrier"].create(
            {
                "name": name,
                "pinbu_type": kind,
                "product_id": product.id,
                "fixed_price": price,
                **vals,
            }
        )

    @classmethod
    def address_of(cls, shopper, state=None, country=None):
        country = country or cls.china
        return cls.env["res.partner"].create(
            {
                "parent_id": shopper.id,
                "type": "delivery",
                "name": shopper.name,
                "street": "2 Lane",
                "country_id": country.id,
                "state_id": state and state.id,
            }
        )


@tagged("post_install", "-at_install")
class TestDeliveryMethods(DeliveryMixin, GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_methods()
        cls.ann = cls.shopper("Ann")
        cls.home = cls.address_of(cls.ann, cls.shanghai)
        cls.away = cls.address_of(cls.ann, cls.zhejiang)
        cls.abroad = cls.address_of(cls.ann, country=cls.env.ref("base.fr"))

    def quote(self, quantity=1, address=None, method=None, activity=None):
        activity = activity or self.activity
        return self.env["pinbu.seat"]._quote(
            self.ann,
            activity,
            activity.line_ids.product_id,
            quantity,
            None,
            address=address,
            delivery_method=method,
        )

    def refused(self, code, **kwargs):
        """A checkout that is refused takes no place and no piece, and makes no order."""
        with self.assertRaises(PinbuError) as caught:
            self.checkout(self.ann, **kwargs)
        self.assertEqual(caught.exception.code, code)
        self.assertFalse(self.ann.sale_order_ids)
        self.assertFalse(self.env["pinbu.seat"].search([("partner_id", "=", self.ann.id)]))
        self.assertEqual(self.activity.line_ids.quota_taken, 0)
        return caught.exception.message

    # === QUOTE AND CHECKOUT === #

    def test_methods_that_serve_the_address_are_quoted_in_their_order(self):
        fees = {self.express: 8.0, self.local: 5.0, self.pickup: 0.0}
        quote = self.quote(address=self.home)
        self.assertEqual(list(quote["delivery_methods"].items()), list(fees.items()))
        self.assertEqual((quote["delivery_fee"], quote["amount"]), (8.0, 27.9))
        quote = self.quote(address=self.away)
        self.assertEqual(list(quote["delivery_methods"]), [self.express, self.pickup])
        quote = self.quote(address=self.home, method=self.local)
        self.assertEqual((quote["delivery_fee"], quote["amount"]), (5.0, 24.9))
        for address in (None, self.abroad):
            quote = self.quote(address=address)
            self.assertEqual(quote["delivery_methods"], {self.pickup: 0.0})
            self.assertEqual(quote["amount"], 19.9)

    def test_quote_without_a_method_that_fits_names_none(self):
        self.activity.delivery_method_ids = self.local
        quote = self.quote(address=self.away)
        self.assertEqual((quote["delivery_methods"], quote["amount"]), ({}, 19.9))
        with self.assertRaises(PinbuError) as caught:
            self.quote(address=self.away, method=self.local)
        self.assertEqual(caught.exception.code, "not_deliverable")

    def test_order_costs_to_the_fen_what_the_quote_said(self):
        """Fixed, free from an amount, by rules, with margins."""
        rules = self.make_method(
            "Rules",
            0.0,
            delivery_type="base_on_rule",
            margin=0.1,
            fixed_margin=0.05,
            price_rule_ids=[
                Command.create(
                    {
                        "variable": "quantity",
                        "operator": ">=",
                        "max_value": 1,
                        "list_base_price": 2.33,
                        "list_price": 1.11,
                        "variable_factor": "quantity",
                    }
                )
            ],
        )
        self.activity.delivery_method_ids += rules
        self.activity.limit_per_user = 0
        seen = set()
        for quantity in (1, 2, 3):
            for method in (*self.methods, rules):
                shopper = self.shopper("Twin")
                home = self.address_of(shopper, self.shanghai)
                quote = self.quote(quantity, home, method)
                order = self.checkout(
                    shopper, quantity=quantity, address=home, delivery_method=method
                )
                self.assertEqual(order.amount_total, quote["amount"])
                self.assertEqual(order.carrier_id, method)
                line = order.order_line.filtered("is_delivery")
                self.assertEqual(line.price_total, quote["delivery_fee"])
                seen.add((method, quantity, quote["delivery_fee"]))
        self.assertIn((self.express, 1, 8.0), seen)
        self.assertIn((self.express, 2, 0.0), seen)  # 39.80 is above 39.00
        self.assertIn((self.local, 2, 5.0), seen)
        self.assertIn((rules, 1, 3.83), seen)  # (2.33 + 1.11) * 1.1 + 0.05 = 3.834

    def test_price_lists_change_neither_quote_nor_order(self):
        self.env.ref("base.group_user").implied_ids += self.env.ref(
            "product.group_product_pricelist"
        )
        self.ann.property_product_pricelist = self.env["product.pricelist"].create(
            {
                "name": "Friends",
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 33.3})
                ],
            }
        )
        quote = self.quote(address=self.home)
        self.assertEqual((quote["delivery_fee"], quote["amount"]), (8.0, 27.9))
        self.assertEqual(self.checkout(self.ann, address=self.home).amount_total, 27.9)

    def test_first_method_that_fits_is_taken(self):
        self.assertEqual(self.checkout(self.ann, address=self.home).carrier_id, self.express)
        bob = self.shopper("Bob")
        order = self.checkout(bob)
        self.assertEqual((order.carrier_id, order.partner_shipping_id), (self.pickup, bob))

    def test_pickup_ships_to_the_shopper_whatever_the_address(self):
        order = self.checkout(self.ann, address=self.home, delivery_method=self.pickup)
        self.assertEqual(order.partner_shipping_id, self.ann)
        self.assertEqual(order.amount_total, 19.9)

    def test_pickup_knows_no_regions(self):
        self.pickup.state_ids = self.zhejiang
        order = self.checkout(self.ann, address=self.home, delivery_method=self.pickup)
        self.assertEqual(order.carrier_id, self.pickup)

    def test_another_region_is_refused_before_a_place_is_taken(self):
        self.refused("not_deliverable", address=self.away, delivery_method=self.local)
        self.activity.delivery_method_ids = self.express + self.local
        self.refused("not_deliverable", address=self.abroad)

    def test_zip_prefixes_count(self):
        self.express.zip_prefix_ids = self.env["delivery.zip.prefix"].create({"name": "3100"})
        self.activity.delivery_method_ids = self.express
        self.refused("not_deliverable", address=self.away)
        self.away.zip = "310012"
        self.assertEqual(self.checkout(self.ann, address=self.away).carrier_id, self.express)

    def test_rules_that_do_not_apply_are_refused(self):
        self.express.max_weight = 1
        self.product.weight = 0.8
        self.activity.delivery_method_ids = self.express
        self.refused("not_deliverable", address=self.home, quantity=2)
        self.assertTrue(self.checkout(self.ann, address=self.home, quantity=1))

    def test_delivery_without_an_address_is_refused(self):
        message = self.refused("not_deliverable", delivery_method=self.express)
        self.assertIn("address", message)
        self.activity.delivery_method_ids = self.local
        self.refused("not_deliverable")

    def test_method_that_is_not_offered_is_not_found(self):
        other = self.make_method("Other", 1.0)
        self.refused("not_found", address=self.home, delivery_method=other)
        self.local.active = False
        self.refused("not_found", address=self.home, delivery_method=self.local)

    def test_archived_methods_do_not_make_delivery_free(self):
        self.methods.active = False
        self.refused("not_deliverable", address=self.home)

    def test_without_methods_nothing_is_charged_and_nobody_is_refused(self):
        activity = self.make_activity(product=self.make_product("Nuts", 10))
        for address in (None, self.abroad):
            shopper = self.shopper("Bob")
            order = self.checkout(shopper, activity=activity, address=address)
            self.assertEqual(order.amount_total, 19.9)
            self.assertFalse(order.carrier_id)
            self.assertEqual(order.partner_shipping_id, address or shopper)
        self.assertEqual(self.quote(activity=activity, address=self.home)["delivery_methods"], {})
        with self.assertRaises(PinbuError) as caught:
            self.checkout(self.ann, activity=activity, delivery_method=self.express)
        self.assertEqual(caught.exception.code, "not_found")

    def test_services_need_no_address_and_cost_no_fee(self):
        service = self.env["product.product"].create(
            {
                "name": "Hair cut",
                "type": "service",
                "list_price": 30.0,
                "taxes_id": [Command.clear()],
            }
        )
        # As where a module issues the vouchers that services are won by.
        with patch.object(type(self.activity), "_check_can_issue_vouchers", lambda activity: None):
            activity = self.make_activity(product=service)
        activity.delivery_method_ids = self.express
        order = self.checkout(self.ann, activity=activity)
        self.assertEqual((order.amount_total, order.carrier_id.ids), (19.9, []))
        self.assertEqual(self.quote(activity=activity)["delivery_methods"], {})

    def test_price_that_a_tax_changes_is_refused(self):
        """Taxes of the delivery product that come after publishing must not change the sum."""
        self.express.product_id.taxes_id = self.env["account.tax"].create(
            {"name": "On top", "amount": 10.0, "price_include_override": "tax_excluded"}
        )
        self.refused("activity_not_running", address=self.home)

    # === RESUMING === #

    def test_resumed_order_follows_method_address_and_quantity(self):
        order = self.checkout(self.ann, address=self.home)
        payment = order._pinbu_start_payment()
        self.assertEqual(payment.amount, 27.9)

        # The same again: the payment stays open.
        self.assertEqual(self.checkout(self.ann, address=self.home), order)
        self.assertEqual((order.amount_total, payment.state), (27.9, "draft"))

        # Another method, another sum.
        self.checkout(self.ann, address=self.home, delivery_method=self.local)
        self.assertEqual((order.carrier_id, order.amount_total), (self.local, 24.9))
        self.assertEqual(payment.state, "cancel")
        self.assertEqual(len(order.order_line), 2)
        payment = order._pinbu_start_payment()
        self.assertEqual(payment.amount, 24.9)

        # Another address, out of the local region.
        self.checkout(self.ann, address=self.away)
        self.assertEqual((order.carrier_id, order.amount_total), (self.express, 27.9))
        self.assertEqual((order.partner_shipping_id, payment.state), (self.away, "cancel"))

        # Two pieces are delivered free of charge.
        self.checkout(self.ann, address=self.away, quantity=2)
        self.assertEqual((order.carrier_id, order.amount_total), (self.express, 39.8))

        # And none that is brought.
        self.checkout(self.ann, address=self.away, delivery_method=self.pickup)
        self.assertEqual((order.partner_shipping_id, order.amount_total), (self.ann, 19.9))
        self.activity.delivery_method_ids = False
        self.checkout(self.ann, address=self.away)
        self.assertFalse(order.carrier_id)
        self.assertEqual(len(order.order_line), 1)
        self.pay(order)
        self.assertEqual(order.seat_ids.state, "paid")

    def test_resuming_out_of_the_region_leaves_the_order_as_it_was(self):
        order = self.checkout(self.ann, address=self.home, delivery_method=self.local)
        with self.assertRaises(PinbuError) as caught:
            self.checkout(self.ann, address=self.away, delivery_method=self.local)
        self.assertEqual(caught.exception.code, "not_deliverable")
        self.assertEqual((order.seat_ids.state, order.partner_shipping_id), ("held", self.home))
        self.assertEqual(order.amount_total, 24.9)

    def test_resuming_takes_the_fee_of_today(self):
        order = self.checkout(self.ann, address=self.home)
        self.express.fixed_price = 9.0
        self.checkout(self.ann, address=self.home)
        self.assertEqual(order.amount_total, self.quote(address=self.home)["amount"])
        self.assertEqual(order.amount_total, 28.9)

    def test_order_shown_is_paid_at_the_fee_it_shows(self):
        order = self.checkout(self.ann, address=self.home)
        self.express.fixed_price = 9.0
        self.assertEqual(order._pinbu_start_payment().amount, 27.9)

    # === AFTERWARDS === #

    def test_won_delivery_goes_by_its_method(self):
        """And a plain clerk opens and ships it."""
        clerk = new_test_user(self.env, "delivery_clerk", groups="stock.group_stock_user")
        self.local.zip_prefix_ids = self.env["delivery.zip.prefix"].create({"name": "2000"})
        self.home.zip = "200001"
        seat = self.join(self.ann, address=self.home, delivery_method=self.local)
        picked = self.join(self.shopper("Bob"), seat.team_id)
        self.join(self.shopper("Cat"), seat.team_id)
        self.run_schedulers()
        for won, method in ((seat, self.local), (picked, self.pickup)):
            picking = won.order_id.picking_ids.with_user(clerk)
            self.assertEqual(picking.carrier_id.sudo(), method)
            self.assertEqual(picking.pinbu_is_pickup, method == self.pickup)
            self.assertEqual(picking.partner_id.sudo(), won.order_id.partner_shipping_id)
            # The clerk may hand out at the door what was to be sent.
            picking.carrier_id = self.methods - self.express - method
            self.assertEqual(picking.pinbu_is_pickup, method != self.pickup)
            picking.carrier_id = method
            with Form(picking) as form:
                form.note = "<p>Ring twice</p>"
            picking.button_validate()
            self.assertEqual(picking.state, "done")
            self.assertEqual(won.order_id.amount_total, 19.9 + method.fixed_price)

    def test_failed_team_gives_the_fee_back(self):
        seat = self.join(self.ann, address=self.home)
        self.pass_deadline(seat.team_id)
        self.run_schedulers()
        self.assertEqual((seat.state, seat.refund_state), ("lost", "done"))
        self.assertEqual(seat.refund_amount, 27.9)

    def test_late_payment_gives_the_fee_back(self):
        order = self.checkout(self.ann, address=self.home)
        payment = order._pinbu_start_payment()
        order._pinbu_cancel()
        self.activity.is_stopped = True
        payment._set_done()
        self.run_schedulers()
        seat = order.seat_ids
        self.assertEqual((seat.state, seat.refund_state), ("released", "done"))
        self.assertEqual(seat.refund_amount, 27.9)

    def test_nobody_changes_the_delivery_of_a_forming_order(self):
        seller = new_test_user(
            self.env, "delivery_seller", groups="sales_team.group_sale_salesman_all_leads"
        )
        self.activity.delivery_method_ids = False
        order = self.join(self.ann, address=self.home).order_id
        with self.assertRaises(UserError):
            order.with_user(seller).set_delivery_line(self.express.with_user(seller), 8.0)
        self.assertEqual(order.amount_total, 19.9)

    # === THE MERCHANT === #

    def test_merchant_chooses_methods(self):
        merchant = new_test_user(self.env, "delivery_merchant", groups="pinbu_groupbuy.group_user")
        with Form(self.activity.with_user(merchant)) as form:
            form.delivery_method_ids.remove(id=self.local.id)
        self.assertEqual(self.activity.delivery_method_ids, self.express + self.pickup)

    def test_who_only_looks_opens_the_activity(self):
        """Who may not read delivery methods sees the rest of the form."""
        for groups in ("account.group_account_invoice", "stock.group_stock_user"):
            with self.subTest(groups):
                reader = new_test_user(self.env, f"looks_{groups}", groups=groups)
                view = self.activity.with_user(reader).get_view(view_type="form")
                self.assertNotIn('name="delivery_method_ids"', view["arch"])

    def test_another_companys_method_is_refused(self):
        other = self.env["res.company"].create({"name": "Other company"})
        with self.assertRaises(UserError):
            self.activity.delivery_method_ids += self.make_method("Theirs", 1.0, company=other)
        self.activity.delivery_method_ids += self.make_method("Ours", 1.0, company=self.company)

    def test_publishing_refuses_a_fee_that_grows(self):
        activity = self.make_activity(product=self.make_product("Nuts", 9), publish=False)
        activity.delivery_method_ids = self.express
        tax = self.env["account.tax"].create(
            {"name": "On top", "amount": 10.0, "price_include_override": "tax_excluded"}
        )
        self.express.product_id.taxes_id = tax
        with self.refusing("taxes of Express"):
            activity.action_publish()
        tax.price_include_override = "tax_included"
        self.express.invoice_policy = "real"
        with self.refusing("only after delivery"):
            activity.action_publish()
        self.express.invoice_policy = "estimated"
        self.express.active = False
        with self.refusing("archived"):
            activity.action_publish()
        self.express.active = True
        activity.action_publish()
        self.assertEqual(activity.state, "running")
        # And what is published already stays sound.
        tax.price_include_override = "tax_excluded"
        activity.delivery_method_ids = False
        with self.refusing("taxes of Express"):
            activity.delivery_method_ids = self.express

    # === QUERIES === #

    def test_quote_writes_nothing_and_asks_as_often_for_many_methods(self):
        more = self.make_activity(product=self.make_product("Nuts", 10))
        more.delivery_method_ids = self.methods.union(
            *(self.make_method(f"Express {number}", 7.0 + number) for number in range(10))
        )
        counts = []
        for activity in (self.activity, more):
            self.quote(activity=activity, address=self.home)  # what is cached for good
            self.env.flush_all()
            self.env.invalidate_all()
            with self.statements() as seen:
                quote = self.quote(activity=activity, address=self.home)
            for text in seen:
                self.assertNotRegex(text, "INSERT INTO|UPDATE |DELETE FROM")
            counts.append((len(quote["delivery_methods"]), len(seen)))
        self.assertEqual([methods for methods, _queries in counts], [3, 13])
        self.assertEqual(counts[0][1], counts[1][1])

    def test_checkout_without_methods_asks_for_them_once(self):
        self.activity.delivery_method_ids = False
        seats = type(self.env["pinbu.seat"])
        nothing_to_choose = patch.object(
            seats, "_choose_delivery", lambda seat, *args: (seat.env["delivery.carrier"], args[4])
        )
        counts = []
        self.checkout(self.shopper("First"), address=self.home)  # what is cached for good
        for context in (nothing_to_choose, nullcontext()):
            shopper = self.shopper("Bob")
            home = self.address_of(shopper, self.shanghai)
            self.env.flush_all()
            self.env.invalidate_all()
            with context, self.statements() as seen:
                self.checkout(shopper, address=home)
            counts.append(len(seen))
        self.assertLessEqual(counts[1], counts[0] + 1)

    def statements(self):
        """:return: a context in which executed statements are collected"""
        return Statements(self)


class Statements:
    def __init__(self, case):
        self.case = case
        self.seen = []

    def __enter__(self):
        execute = Cursor.execute

        def spy(cr, query, *args, **kwargs):
            text = query.code if isinstance(query, SQL) else query
            self.seen.append(" ".join(text.split()))
            return execute(cr, query, *args, **kwargs)

        self.patch = patch.object(Cursor, "execute", spy)
        self.patch.start()
        return self.seen

    def __exit__(self, *exc):
        self.case.env.flush_all()
        self.patch.stop()
