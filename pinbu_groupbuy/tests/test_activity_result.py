import io

from openpyxl import load_workbook

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from .common import GroupBuyMixin


@tagged("post_install", "-at_install")
class TestActivityResult(GroupBuyMixin, HttpCase):
    """The report says what happened in one activity, to who runs the group-buying."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.user = new_test_user(
            cls.env, "result_marketing", groups="pinbu_groupbuy.group_user", lang="en_US"
        )
        cls.clerk = new_test_user(cls.env, "result_clerk", groups="stock.group_stock_user")

    def setUp(self):
        super().setUp()
        self.formed = self.form_team("winner")
        self.forming = self.join(self.shopper("waiting")).team_id
        other = self.make_activity(self.make_product("Nuts", 10), price=5)
        self.join(self.shopper("stranger"), activity=other)
        self.env.flush_all()

    def download(self, login):
        self.authenticate(login, login)
        return self.url_open(f"/pinbu/activities/{self.activity.id}/result.xlsx")

    def test_workbook(self):
        answer = self.download("result_marketing")
        self.assertEqual(answer.status_code, 200)
        book = load_workbook(io.BytesIO(answer.content))
        figures, days, teams = book.worksheets
        said = {row[0].value: row[1].value for row in figures.iter_rows(max_col=2)}
        self.assertEqual(figures["A1"].value, self.activity.name)
        self.assertEqual((said["Teams formed"], said["Teams forming"]), (1, 1))
        self.assertAlmostEqual(said["Amount paid"], 4 * 19.9)
        self.assertAlmostEqual(said["Sales"], 3 * 19.9)
        self.assertAlmostEqual(said["Given up against today's list price"], 3 * (30 - 19.9))
        paid = [row[1].value for row in days.iter_rows(min_row=2, max_col=4)]
        self.assertAlmostEqual(sum(paid), 4 * 19.9)
        self.assertEqual(len(days._charts), 1)
        rows = list(teams.iter_rows(min_row=2, values_only=True))
        self.assertEqual([row[0] for row in rows], [self.forming.id, self.formed.id])
        self.assertAlmostEqual(rows[1][7], 3 * 19.9)
        self.assertEqual(figures["A2"].value, self.product.name)
        formats = {row[0].value: row[1].number_format for row in figures.iter_rows(max_col=2)}
        self.assertEqual(
            (formats["Teams formed"], formats["Success rate"], formats["Amount paid"]),
            ("#,##0", "0.0%", "#,##0.00"),
        )
        for sheet in (days, teams):
            self.assertEqual((sheet.freeze_panes, sheet.print_title_rows), ("A2", "$1:$1"))
        self.assertEqual(teams.auto_filter.ref, "A1:H3")
        self.assertEqual((teams["F2"].number_format, days["A2"].number_format),
                         ("yyyy-mm-dd hh:mm", "yyyy-mm-dd"))  # fmt: skip

    def test_given_up_is_what_was_not_paid(self):
        """The price of today is none that earlier shoppers have paid."""
        self.activity.line_ids.group_price = 25
        self.form_team("later")
        costs = dict(self.activity.with_user(self.user)._result()["costs"])
        given_up = costs["Given up against today's list price"]
        self.assertAlmostEqual(given_up, 3 * (30 - 19.9) + 3 * (30 - 25))

    def test_printed(self):
        html, _kind = (
            self.env["ir.actions.report"]
            .with_user(self.user)
            ._render_qweb_html("pinbu_groupbuy.report_activity_result", self.activity.ids)
        )
        text = html.decode()
        self.assertIn(self.activity.name, text)
        self.assertIn(f"#{self.formed.id}", text)
        self.assertIn("Given up against", text)

    def test_in_chinese(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.activity.with_context(lang="zh_CN").name = "三人成团：牛轧糖 [礼盒]"
        self.user.lang = "zh_CN"
        self.env.flush_all()
        answer = self.download("result_marketing")
        book = load_workbook(io.BytesIO(answer.content))
        self.assertEqual(book.worksheets[0]["A1"].value, "三人成团：牛轧糖 [礼盒]")
        self.assertEqual(len(book.worksheets), 3)

    def test_twelve_weeks_are_few_bars(self):
        self.env.cr.execute(
            "UPDATE pinbu_activity SET starts_at = starts_at - interval '90 days' WHERE id = %s",
            [self.activity.id],
        )
        self.env.cr.execute(
            "UPDATE pinbu_seat SET paid_at = paid_at - interval '84 days' WHERE team_id = %s",
            [self.formed.id],
        )
        self.env.invalidate_all()
        activity = self.activity.with_user(self.user)
        bars = activity._result_bars(activity._result()["days"])
        self.assertLessEqual(len(bars), 31)
        self.assertAlmostEqual(sum(amount for _label, amount, _share in bars), 4 * 19.9)
        self.assertEqual(max(share for _label, _amount, share in bars), 1)

    def test_who_may_read_it(self):
        self.assertEqual(self.download("result_clerk").status_code, 403)
        with self.assertRaises(AccessError):
            self.activity.with_user(self.clerk).action_export_result()
        with self.assertRaises(AccessError):
            self.activity.with_user(self.clerk)._result()
        other = self.env["res.company"].create({"name": "The other shop"})
        self.user.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.assertEqual(self.download("result_marketing").status_code, 404)
