from unittest.mock import patch

from odoo.tests import HttpCase, new_test_user, tagged

from .common import GroupBuyMixin
from .job_common import marking


@tagged("post_install", "-at_install")
class TestTours(GroupBuyMixin, HttpCase):
    """The back office as a merchandiser uses it, who has only that group, in a browser."""

    def test_create_activity(self):
        product = self.env["product.template"].create(
            {
                "name": "Tour crisps",
                "list_price": 30.0,
                "is_storable": True,
                "taxes_id": False,
            }
        )
        warehouse = self.env["stock.warehouse"].search(
            [("company_id", "=", self.env.company.id)], limit=1
        )
        self.env["stock.quant"]._update_available_quantity(
            product.product_variant_id, warehouse.lot_stock_id, 10
        )
        new_test_user(
            self.env, "tour_marketing", "pinbu_groupbuy.group_user", lang="en_US", tz="UTC"
        )
        self.start_tour("/odoo/group-buying", "pinbu_create_activity", login="tour_marketing")
        activity = self.env["pinbu.activity"].search([("name", "=", "Tour activity")])
        # That it runs, the tour has seen; this transaction began before the activity did.
        self.assertEqual(
            (activity.product_tmpl_id, activity.size, activity.group_price),
            (product, 2, 19.9),
        )
        self.assertTrue(activity.is_published)

    def test_intervene(self):
        self.set_up_shop()
        self.activity.name = "Tour activity"
        team = self.join(self.shopper("Ann")).team_id
        new_test_user(
            self.env, "tour_marketing", "pinbu_groupbuy.group_user", lang="en_US", tz="UTC"
        )
        self.start_tour("/odoo/group-buying-teams", "pinbu_intervene", login="tour_marketing")
        self.assertEqual(team.failure, "merchant")
        [row] = team.transition_ids.filtered("note")
        self.assertEqual((row.note, row.user_id.login), ("The supplier is late", "tour_marketing"))

    def test_dashboard(self):
        self.set_up_shop()
        self.env.cr.execute(
            "UPDATE pinbu_team SET finished_at = '2001-01-01' WHERE finished_at IS NOT NULL"
        )
        self.activity.name = "Tour team"
        orders = self.form_team().seat_ids.order_id
        self.env.cr.execute(
            "UPDATE sale_order SET amount_total = 123456.78 WHERE id = ANY(%s)", [orders.ids]
        )
        new_test_user(
            self.env, "tour_marketing", "pinbu_groupbuy.group_user", lang="en_US", tz="UTC"
        )
        self.start_tour("/odoo", "pinbu_dashboard", login="tour_marketing")

    def test_shoppers(self):
        self.set_up_shop()
        self.form_team().seat_ids[0].partner_id.name = "Tour shopper"
        self.env["pinbu.shopper"].sudo().search([]).unlink()
        new_test_user(
            self.env, "tour_marketing", "pinbu_groupbuy.group_user", lang="en_US", tz="UTC"
        )
        self.start_tour("/odoo/group-buying-shoppers", "pinbu_shoppers", login="tour_marketing")

    def test_watch_a_job(self):
        user = new_test_user(
            self.env, "tour_marketing", "pinbu_groupbuy.group_user", lang="en_US", tz="UTC"
        )
        people = self.env["res.partner"].create([{"name": f"P{number}"} for number in range(5)])
        jobs = self.registry["pinbu.job"]
        web_read = jobs.web_read

        def advance(records, *args, **kwargs):
            job_sudo = records.sudo()
            if job_sudo.state == "waiting" and job_sudo.done < 4:
                job_sudo._advance()
            return web_read(records, *args, **kwargs)

        with marking(self.registry), patch.object(jobs, "web_read", advance):
            job = self.env["pinbu.job"].with_user(user)._start("mark", "Mark", "all", people.ids)
            self.start_tour(
                f"/odoo/group-buying-jobs/{job.id}", "pinbu_job", login="tour_marketing"
            )
        self.assertEqual((job.state, job.done), ("cancelled", 4))
