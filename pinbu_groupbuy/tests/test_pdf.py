import io
import unicodedata
from unittest.mock import patch
from urllib.parse import urlencode

from pypdf import PdfReader

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from .common import GroupBuyMixin

PHONE = "13800138000"


def texts(pdf):
    """:return: the text of each page, in the usual characters rather than those of old radicals"""
    found = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    return [" ".join(unicodedata.normalize("NFKC", text).split()) for text in found]


class PdfMixin:
    """Prints over HTTP, and reads what is printed. For an HttpCase."""

    @classmethod
    def set_up_printing(cls):
        # The styles that a print asks for come on cursors of their own; a test has but one.
        cls.set_registry_readonly_mode(False)
        for name in ("web.report_assets_common", "web.report_assets_pdf"):
            cls.env["ir.qweb"]._get_asset_bundle(name, js=False, autoprefix=True).css()

    def get(self, login, report, records):
        self.authenticate(login, login)
        ids = ",".join(map(str, records.ids))
        # Under test Odoo answers with HTML otherwise.
        query = urlencode({"context": '{"force_report_rendering": true}'})
        return self.url_open(f"/report/pdf/{report}/{ids}?{query}", timeout=60)

    def pages(self, *args):
        """:return: the text of each page of a print"""
        answer = self.get(*args)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/pdf")
        return texts(answer.content)

    def assert_says(self, page, *words):
        for word in words:
            self.assertIn(word, page)


@tagged("post_install", "-at_install")
class TestPdf(PdfMixin, GroupBuyMixin, HttpCase):
    """What comes out of the printer, for who may print it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_printing()
        cls.set_up_shop()
        cls.product.name = "牛轧糖 500g"
        cls.activity.name = "三人团 Nougat"
        cls.clerk = new_test_user(cls.env, "pdf_clerk", groups="stock.group_stock_user")
        new_test_user(cls.env, "pdf_merch", groups="pinbu_groupbuy.group_user")

    @classmethod
    def shopper(cls, name):
        shopper = super().shopper(name)
        shopper.phone = PHONE
        return shopper

    def setUp(self):
        super().setUp()
        self.team = self.form_team("Ann")
        self.pickings = self.team.order_ids.picking_ids
        seat = self.join(self.shopper("Waiting"))
        self.run_schedulers()
        self.waiting = seat.order_id.picking_ids
        self.env.flush_all()

    def test_slips_of_a_team(self):
        pages = self.pages("pdf_clerk", "stock.report_deliveryslip", self.pickings)
        self.assertEqual(len(pages), 3)
        for page, picking in zip(pages, self.pickings, strict=True):
            self.assert_says(
                page,
                picking.name,
                picking.origin,
                f"#{self.team.id}",
                self.activity.name,
                self.product.name,
                picking.partner_id.name,
                PHONE,
                # The header: who sends it.
                self.company.name,
            )

    def test_no_phone_before_it_may_ship(self):
        for report in ("stock.report_deliveryslip", "stock.report_picking"):
            [page] = self.pages("pdf_clerk", report, self.waiting)
            self.assert_says(page, self.waiting.name, "Waiting")
            self.assertNotIn(PHONE, page, report)

    def test_where_a_shopper_lives_is_not_on_the_parcel(self):
        [picking] = self.pickings[:1]
        home = picking.sale_id.partner_id
        home.write({"street": "7 Home Lane", "phone": "13900139000"})
        there = self.env["res.partner"].create(
            {"name": "Bob's Aunt", "street": "9 Far Road", "phone": PHONE}
        )
        there.write({"parent_id": home.id, "type": "delivery"})
        picking.move_ids.partner_id = picking.partner_id = there
        self.env.flush_all()
        for report in ("stock.report_deliveryslip", "stock.report_picking"):
            [page] = self.pages("pdf_clerk", report, picking)
            self.assert_says(page, "9 Far Road", PHONE)
            self.assertNotIn("7 Home Lane", page, report)
            self.assertNotIn("13900139000", page, report)

    def test_where_a_page_ends_no_delivery_is_cut_in_two(self):
        self.product.name = "Nougat with almonds, pistachios and a very long name " * 4
        types = self.warehouse.out_type_id
        places = {
            "location_id": self.warehouse.lot_stock_id.id,
            "location_dest_id": types.default_location_dest_id.id,
        }
        line = {"product_id": self.product.id, "product_uom_qty": 1, **places}
        values = {"picking_type_id": types.id, "move_ids": [Command.create(line)], **places}
        pickings = self.env["stock.picking"].create(
            [{**values, "origin": f"Order{number:02}"} for number in range(40)]
        )
        pickings.action_confirm()
        batch = self.env["stock.picking.batch"].create({"picking_ids": [Command.set(pickings.ids)]})
        self.env.flush_all()
        pages = self.pages("pdf_clerk", "pinbu_groupbuy.report_pick_list", batch)
        self.assertGreater(len(pages), 2)
        for picking in pickings:
            [page] = [page for page in pages if picking.name in page]
            self.assertIn(picking.origin, page)
        for page in pages[1:]:
            self.assertRegex(page, f"^.?.?{self.warehouse.code}/")

    def test_slip_of_a_back_order(self):
        team = self.form_team(
            "Two", activity=self.make_activity(name="Duo", max_quantity=2), quantity=2
        )
        picking = team.seat_ids.filtered(lambda seat: seat.quantity == 2).order_id.picking_ids
        picking.move_ids.write({"quantity": 1, "picked": True})
        picking.with_user(self.clerk)._action_done()
        rest = picking.backorder_ids
        self.assertEqual((picking.state, len(rest)), ("done", 1))
        self.env.flush_all()
        for one in (picking, rest):
            [page] = self.pages("pdf_clerk", "stock.report_deliveryslip", one)
            self.assert_says(page, one.name, f"#{team.id}", "Duo")

    def test_pick_list(self):
        batch = (
            self.env["stock.picking.batch"]
            .with_user(self.clerk)
            .create({"picking_ids": [Command.set((self.pickings | self.waiting).ids)]})
        )
        batch.action_confirm()
        self.env.flush_all()
        pages = self.pages("pdf_clerk", "pinbu_groupbuy.report_pick_list", batch)
        self.assert_says(
            "".join(pages),
            batch.name,
            self.activity.name,
            f"#{self.team.id}",
            self.product.name,
            *self.pickings.mapped("name"),
        )
        self.assertNotIn(self.waiting.name, "".join(pages))
        self.assertNotIn(PHONE, "".join(pages))
        answer = self.get("pdf_merch", "pinbu_groupbuy.report_pick_list", batch)
        self.assertEqual(answer.status_code, 403)

    def test_result(self):
        pages = self.pages("pdf_merch", "pinbu_groupbuy.report_activity_result", self.activity)
        self.assert_says(pages[0], self.activity.name, self.product.name, "79.60")
        self.assert_says(pages[1], f"#{self.team.id}", "Ann 1", "3 / 3", "59.70")
        answer = self.get("pdf_clerk", "pinbu_groupbuy.report_activity_result", self.activity)
        self.assertEqual(answer.status_code, 403)

    def test_no_line_is_cut_where_a_page_ends(self):
        now = fields.Datetime.now()
        numbers = range(1001, 1101)
        rows = [(number, "Ann", "formed", 3, 3, now, now, 59.7) for number in numbers]
        with patch.object(
            self.env.registry["pinbu.activity"], "_result_teams", lambda *_args, **_kwargs: rows
        ):
            pages = self.pages("pdf_merch", "pinbu_groupbuy.report_activity_result", self.activity)
        # What is cut is drawn on both pages.
        text = "".join(pages)
        self.assertEqual([text.count(f"#{number}") for number in numbers], [1] * len(numbers))
