import lxml.html

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from .common import GroupBuyCase


class WarehouseCase(GroupBuyCase):
    """Deliveries as a clerk works with them, who has the group of the warehouse and no other."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "clerk", groups="stock.group_stock_user")
        cls.marketing = new_test_user(cls.env, "merch", groups="pinbu_groupbuy.group_user")

    def deliveries(self, team):
        """:return: the team's deliveries, as the clerk sees them"""
        return team.order_ids.picking_ids.with_user(self.clerk)

    def render(self, report, records):
        """:return: the report's HTML as the clerk gets it"""
        reports = self.env["ir.actions.report"].with_user(self.clerk)
        html, _type = reports._render_qweb_html(report, records.ids)
        return html.decode()


@tagged("post_install", "-at_install")
class TestBatchByActivity(WarehouseCase):
    def wizard(self, records=None, **values):
        records = self.env["stock.picking"] if records is None else records
        context = {"active_model": "stock.picking", "active_ids": records.ids} if records else {}
        wizards = self.env["pinbu.batch.by.activity"].with_user(self.clerk).with_context(**context)
        with Form(wizards) as form:
            for name, value in values.items():
                form[name] = value
        return form.record

    def batches(self, wizard):
        action = wizard.action_batch()
        return self.env["stock.picking.batch"].with_user(self.clerk).search(action["domain"])

    def test_batches_of_one_activity_and_size(self):
        teams = self.form_team("a") | self.form_team("b")
        other = self.form_team("c", activity=self.make_activity(name="Nuts"))
        waiting = self.join(self.shopper("d"))
        self.run_schedulers()
        wizard = self.wizard(size=4)
        lines = {line.activity_id: line for line in wizard.line_ids}
        self.assertEqual(lines.keys(), {self.activity, other.activity_id})
        self.assertEqual(lines[self.activity].delivery_count, 6)
        self.assertEqual(lines[self.activity].batch_count, 2)
        self.assertEqual(wizard.batch_count, 3)
        batches = self.batches(wizard).sorted("id")
        by_activity = batches.grouped("pinbu_activity_id")
        self.assertEqual(by_activity.keys(), lines.keys())
        mine = by_activity[self.activity].sorted("id")
        self.assertEqual([len(batch.picking_ids) for batch in mine], [4, 2])
        # The parcels of one team lie together as far as the size allows.
        self.assertEqual(mine[0].picking_ids.pinbu_team_id, teams)
        self.assertEqual(mine[1].picking_ids.pinbu_team_id, teams.sorted("id")[1])
        self.assertEqual(set(batches.mapped("state")), {"in_progress"})
        self.assertFalse(waiting.order_id.picking_ids.batch_id)

    def test_only_what_was_chosen(self):
        team = self.form_team("a")
        chosen = self.deliveries(team)[:2]
        wizard = self.wizard(chosen, is_started=False)
        self.assertEqual(wizard.line_ids.delivery_count, 2)
        batch = self.batches(wizard)
        self.assertEqual((batch.picking_ids, batch.state), (chosen, "draft"))

    def test_nothing_twice(self):
        """What another clerk has put into a batch meanwhile stays there."""
        self.form_team("a")
        first, second = self.wizard(), self.wizard()
        batch = self.batches(first)
        with self.assertRaises(UserError):
            second.action_batch()
        self.assertEqual(len(batch.picking_ids), 3)

    def test_an_activity_left_out(self):
        self.form_team("a")
        self.form_team("b", activity=self.make_activity(name="Nuts"))
        wizard = self.wizard()
        wizard.line_ids.filtered(lambda line: line.activity_id == self.activity).is_chosen = False
        self.assertEqual(self.batches(wizard).pinbu_activity_id.name, "Nuts")

    def test_merchandisers_make_no_batches(self):
        with self.assertRaises(AccessError):
            self.env["pinbu.batch.by.activity"].with_user(self.marketing).create({})


@tagged("post_install", "-at_install")
class TestBatchGate(WarehouseCase):
    """A batch leaves alone what a team still decides about, and says so."""

    def setUp(self):
        super().setUp()
        self.formed = self.deliveries(self.form_team("formed"))
        seat = self.join(self.shopper("waiting"))
        self.run_schedulers()
        self.waiting = seat.order_id.picking_ids.with_user(self.clerk)

    def make_batch(self, pickings):
        batch = (
            self.env["stock.picking.batch"]
            .with_user(self.clerk)
            .create({"picking_ids": [Command.set(pickings.ids)]})
        )
        batch.action_confirm()
        return batch

    def test_marks(self):
        self.assertEqual(set(self.formed.mapped("pinbu_mark")), {"formed"})
        self.assertEqual(self.waiting.pinbu_mark, "forming")
        self.pass_deadline(self.waiting.pinbu_team_id)
        self.run_schedulers()
        self.assertEqual(self.waiting.pinbu_mark, "failed")
        ready = self.env["stock.picking"].with_user(self.clerk).search([("state", "=", "assigned")])
        self.assertEqual(ready.filtered("pinbu_activity_id"), self.formed)

    def test_not_offered(self):
        batch = self.make_batch(self.formed[0])
        domain = batch.fields_get(["picking_ids"])["picking_ids"]["domain"]
        allowed = {
            "allowed_picking_ids": batch.allowed_picking_ids.ids,
            "company_id": batch.company_id.id,
        }
        offered = self.formed.search(safe_eval(domain, allowed))
        self.assertIn(self.formed[1], offered)
        self.assertNotIn(self.waiting, offered)

    def test_a_whole_list_into_a_batch(self):
        wizards = self.env["stock.picking.to.batch"].with_user(self.clerk)
        mixed = wizards.with_context(active_ids=(self.formed | self.waiting).ids)
        mixed.create({"mode": "new"}).attach_pickings()
        self.assertEqual(len(self.formed.batch_id.picking_ids), 3)
        self.assertFalse(self.waiting.batch_id)
        with self.refusing("wait"):
            wizards.with_context(active_ids=self.waiting.ids).create(
                {"mode": "new"}
            ).attach_pickings()

    def test_batch_of_waiting_ones_says_why(self):
        batch = self.make_batch(self.waiting)
        self.assertEqual(batch.pinbu_gated_count, 1)
        with self.refusing("1 .* 3|1/3|1 of 3"):
            batch.action_done()
        self.assertEqual(self.waiting.batch_id, batch)

    def test_mixed_batch_ships_the_rest(self):
        batch = self.make_batch(self.formed | self.waiting)
        batch.action_done()
        self.assertEqual(set(self.formed.mapped("state")), {"done"})
        self.assertNotEqual(self.waiting.state, "done")
        self.assertEqual(batch.state, "done")


@tagged("post_install", "-at_install")
class TestPrints(WarehouseCase):
    """What a clerk prints shows team and activity, and nothing that cannot go."""

    def setUp(self):
        super().setUp()
        self.product.barcode = "6901234567892"
        self.team = self.form_team("formed")
        self.team.order_ids[0].pinbu_remark = "Ring twice"
        seat = self.join(self.shopper("waiting"))
        self.run_schedulers()
        self.waiting = seat.order_id.picking_ids.with_user(self.clerk)
        self.batch = (
            self.env["stock.picking.batch"]
            .with_user(self.clerk)
            .create({"picking_ids": [Command.set((self.deliveries(self.team) | self.waiting).ids)]})
        )
        self.batch.action_confirm()

    def test_pick_list(self):
        action = self.batch.action_print()
        self.assertEqual(action["report_name"], "pinbu_groupbuy.report_pick_list")
        html = self.render(action["report_name"], self.batch)
        for text in (
            self.activity.name,
            f"#{self.team.id}",
            "6901234567892",
            "Ring twice",
            *self.team.order_ids.mapped("name"),
        ):
            self.assertIn(text, html)
        self.assertNotIn(self.waiting.name, html)
        # Three deliveries, one walk: one line for the shelf.
        [row] = self.batch._pinbu_pick_list()
        self.assertEqual((row["product"], row["quantity"]), (self.product, 3))

    def test_odoos_own_batch_list(self):
        html = self.render("stock_picking_batch.report_picking_batch", self.batch)
        self.assertIn(self.deliveries(self.team)[0].name, html)
        self.assertNotIn(self.waiting.name, html)

    def test_slips(self):
        action = self.batch.action_pinbu_slips()
        self.assertEqual(set(action["context"]["active_ids"]), set(self.team.picking_ids.ids))
        for report in ("stock.report_deliveryslip", "stock.report_picking"):
            html = self.render(report, self.deliveries(self.team))
            self.assertEqual(html.count(f"#{self.team.id}<"), 3, report)
            self.assertIn(self.activity.name, html)
            self.assertIn("Ring twice", html)

    def test_nothing_of_odoos_head_is_pushed_off_the_page(self):
        """Its row does not break: there is room for what Odoo itself shows, and no more."""
        html = lxml.html.fromstring(self.render("stock.report_picking", self.deliveries(self.team)))
        rows = html.find_class("o_stock_report_header_row")
        self.assertEqual(len(rows), 3)
        for row in rows:
            self.assertFalse(row.xpath(".//*[starts-with(@name, 'div_pinbu')]"))

    def test_what_waits_says_so_on_paper(self):
        for report in ("stock.report_deliveryslip", "stock.report_picking"):
            html = self.render(report, self.waiting)
            self.assertIn("div_pinbu_gate", html)

    def test_ordinary_batch_prints_as_ever(self):
        picking = (
            self.env["stock.picking"]
            .with_user(self.clerk)
            .create({"picking_type_id": self.warehouse.out_type_id.id})
        )
        batch = self.batch.create({"picking_ids": [Command.set(picking.ids)]})
        self.assertEqual(
            batch.action_print()["report_name"], "stock_picking_batch.report_picking_batch"
        )
