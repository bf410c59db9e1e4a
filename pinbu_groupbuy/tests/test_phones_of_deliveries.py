from odoo import Command
from odoo.tests import new_test_user, tagged

from .common import GroupBuyCase

PHONE = "13800138456"


@tagged("post_install", "-at_install")
class TestPhonesOfDeliveries(GroupBuyCase):
    """A clerk who addresses goods to a shopper does not learn the shopper's phone by it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "curious", groups="stock.group_stock_user")

    def setUp(self):
        super().setUp()
        self.other = self.make_product("Leaflet", 5)
        self.ready = self.form_team().order_ids.picking_ids[0]
        self.ann = self.shopper("Ann")
        home = self.env["res.partner"].create(
            {"name": "Ann's", "type": "delivery", "parent_id": self.ann.id, "street": "3 Lane"}
        )
        self.waiting = self.join(self.ann, address=home).order_id
        self.run_schedulers()
        (self.ann + home).phone = PHONE

    def deliver(self, **values):
        """:return: a delivery to Ann that the clerk made"""
        kind = self.env.ref("stock.picking_type_out")
        move = {
            "product_id": self.other.id,
            "product_uom_qty": 1,
            "location_id": kind.default_location_src_id.id,
            "location_dest_id": kind.default_location_dest_id.id,
        }
        pickings = self.env["stock.picking"].with_user(self.clerk)
        picking = pickings.create(
            {
                "partner_id": self.ann.id,
                "picking_type_id": kind.id,
                "move_ids": [Command.create(move)],
                **values,
            }
        )
        picking.action_confirm()
        return picking

    def assertKept(self, picking):
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertFalse(picking.read(["pinbu_phone"])[0]["pinbu_phone"])
        for report in ("stock.report_deliveryslip", "stock.report_picking"):
            paper = self.print_out(picking, report, self.clerk)
            self.assertIn("Ann", paper)
            self.assertNotIn("0138456", paper)

    def print_out(self, records, report, user):
        printer = self.env["ir.actions.report"].with_user(user)
        html = printer._render_qweb_html(report, records.ids)[0].decode()
        return html.replace(" ", "")

    def test_a_delivery_of_their_own(self):
        self.assertKept(self.deliver())

    def test_a_delivery_for_an_order_that_waits(self):
        self.assertKept(self.deliver(sale_id=self.waiting.id))

    def test_a_delivery_to_another_one(self):
        theirs = self.ready.with_user(self.clerk)
        theirs.partner_id = self.ann
        self.assertKept(theirs)

    def test_the_order_on_paper(self):
        paper = self.print_out(self.waiting, "sale.report_saleorder", self.clerk)
        self.assertIn("Ann", paper)
        self.assertNotIn("0138456", paper)
        seller = new_test_user(
            self.env, "phone_seller", groups="sales_team.group_sale_salesman_all_leads"
        )
        paper = self.print_out(self.waiting, "sale.report_saleorder", seller)
        self.assertIn("0138456", paper)

    def test_what_they_ship(self):
        self.ready.partner_id.phone = PHONE
        theirs = self.ready.with_user(self.clerk)
        self.assertEqual(theirs.read(["pinbu_phone"])[0]["pinbu_phone"], PHONE)
        for report in ("stock.report_deliveryslip", "stock.report_picking"):
            self.assertIn("0138456", self.print_out(theirs, report, self.clerk))
