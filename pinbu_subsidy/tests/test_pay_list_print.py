import lxml.html

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.pinbu_groupbuy.tests.test_pdf import PdfMixin

from .withdrawal_common import WithdrawalMixin

REPORT = "pinbu_subsidy.report_pay_list"


@tagged("post_install", "-at_install")
class TestPayListPrint(PdfMixin, WithdrawalMixin, HttpCase):
    """What is paid by hand, on paper: for the accountant and nobody else."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.set_up_printing()
        cls.books = new_test_user(
            cls.env, "print_books", "account.group_account_invoice", lang="en_US"
        )
        new_test_user(cls.env, "print_merch", "pinbu_groupbuy.group_manager", lang="en_US")
        partners = [cls.rich("阿不都热依木·买买提江"), cls.rich("Second"), cls.rich("Third")]
        cls.both = cls.withdrawals.union(
            *(cls.withdrawals._request(partner, cls.company, 1050) for partner in partners)
        )
        cls.env["res.partner.bank"].create(
            {
                "partner_id": partners[0].id,
                "acc_number": "6222 0001 0002 0003",
                "allow_out_payment": True,
            }
        )

    def test_what_is_being_paid(self):
        first, second, third = self.both.sorted("id")
        third.with_user(self.books).action_review()
        (first | second).with_user(self.books).action_start()
        self.env.flush_all()
        [page] = self.pages("print_books", REPORT, self.both)
        self.assert_says(
            page, first.number, "阿不都热依木", "6222 0001 0002 0003", second.number, "None known"
        )
        # In review: somebody still decides about it.
        self.assertNotIn(third.number, page)
        self.assert_says(page, "10.50", "21.00", "not being paid by hand: 1")

    def test_each_amount_stands_below_its_head(self):
        """Also of who has told no bank: Odoo leaves out cells that hold nothing."""
        self.both.with_user(self.books).action_start()
        reports = self.env["ir.actions.report"].with_user(self.books)
        html = lxml.html.fromstring(reports._render_qweb_html(REPORT, self.both.ids)[0])
        rows = html.xpath("//table[@name='pay_list']//tr[td]")
        self.assertEqual([len(row.xpath("td")) for row in rows], [7] * 3)

    def test_nothing_that_the_shopper_may_still_cancel(self):
        with self.refusing("start paying first"):
            self.both.with_user(self.books).with_context(lang="en_US")._pay_list()

    def test_for_nobody_else(self):
        self.both.with_user(self.books).action_start()
        self.env.flush_all()
        answer = self.get("print_merch", REPORT, self.both)
        self.assertNotEqual(answer.headers.get("Content-Type"), "application/pdf")
        self.assertNotIn("6222", answer.text)
