from odoo.tests import HttpCase, new_test_user, tagged

from .common import GroupBuyMixin
from .test_pdf import PdfMixin

TITLE = "示例公司 Trading Ltd"
NUMBER = "91310000MA1FL0000X"


@tagged("post_install", "-at_install")
class TestOrderInvoice(PdfMixin, GroupBuyMixin, HttpCase):
    """What a merchandiser writes down for the tax invoice reaches it, its print and its export."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_printing()
        cls.set_up_shop()
        cls.merch = new_test_user(cls.env, "title_merch", groups="pinbu_groupbuy.group_user")
        cls.accountant = new_test_user(
            cls.env,
            "title_accountant",
            groups="account.group_account_invoice,base.group_allow_export",
        )
        new_test_user(cls.env, "title_clerk", groups="stock.group_stock_user")

    def setUp(self):
        super().setUp()
        team = self.form_team("Ann")
        picking = team.order_ids.picking_ids
        picking.move_ids.picked = True
        picking._action_done()
        self.orders = team.order_ids

    def ask(self, orders, title=TITLE):
        orders.with_user(self.merch).write(
            {"pinbu_invoice_title": title, "pinbu_tax_number": NUMBER}
        )

    def invoice(self, orders):
        """:return: the invoices that the merchandiser makes of these orders"""
        wizard = (
            self.env["sale.advance.payment.inv"]
            .with_user(self.merch)
            .with_context(active_model="sale.order", active_ids=orders.ids)
            .create({})
        )
        wizard.create_invoices()
        return orders.invoice_ids.with_user(self.accountant)

    def test_it_reaches_the_invoice(self):
        order = self.orders[0]
        self.ask(order)
        invoice = self.invoice(order)
        self.assertEqual((invoice.pinbu_invoice_title, invoice.pinbu_tax_number), (TITLE, NUMBER))
        invoice.action_post()
        preset = self.env.ref("pinbu_groupbuy.export_invoices")
        [row] = invoice.export_data(preset.export_fields.mapped("name"))["datas"]
        self.assertEqual(row[0], invoice.name)
        self.assertIn(TITLE, row)
        self.assertIn(NUMBER, row)
        note = invoice._reverse_moves()
        self.assertEqual((note.pinbu_invoice_title, note.pinbu_tax_number), (TITLE, NUMBER))

    def test_it_is_printed(self):
        self.ask(self.orders[0])
        invoice = self.invoice(self.orders[0])
        invoice.action_post()
        self.env.flush_all()
        report = "account.report_invoice_with_payments"
        pages = self.pages("title_accountant", report, invoice)
        self.assert_says(pages[0], invoice.name, TITLE, NUMBER, self.product.name)
        self.assertEqual(self.get("title_clerk", report, invoice).status_code, 403)

    def test_what_comes_late(self):
        """A draft follows its order; what is posted is the accountant's."""
        order, other = self.orders[:2]
        draft, posted = self.invoice(order), self.invoice(other)
        posted.action_post()
        self.ask(order | other)
        self.assertEqual(draft.pinbu_invoice_title, TITLE)
        self.assertFalse(posted.pinbu_invoice_title)
        posted.pinbu_invoice_title = TITLE
        self.assertEqual(posted.pinbu_invoice_title, TITLE)

    def test_two_titles_are_two_invoices(self):
        ann = self.orders[0].partner_id
        self.orders.write(
            {"partner_id": ann.id, "partner_invoice_id": ann.id, "partner_shipping_id": ann.id}
        )
        self.ask(self.orders[:2])
        self.ask(self.orders[2], "Another Ltd")
        invoices = self.invoice(self.orders)
        self.assertEqual(sorted(invoices.mapped("pinbu_invoice_title")), ["Another Ltd", TITLE])
        orders = [len(one.line_ids.sale_line_ids.order_id) for one in invoices]
        self.assertEqual(sorted(orders), [1, 2])
