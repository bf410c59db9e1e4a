"""A whole day of a clerk who has the warehouse's group and no other, with all add-ons there."""

import base64

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from odoo.addons.pinbu_groupbuy.tests.common import GroupBuyCase

# What a clerk has no business with. Models whose records they may not even read.
CLOSED = (
    "loyalty.card",
    "payment.transaction",
    "pinbu.appeal",
    "pinbu.identity",
    "pinbu.invite",
    "pinbu.risk.block",
    "pinbu.risk.case",
    "pinbu.risk.event",
    "pinbu.risk.rule",
    "pinbu.seat",
    "pinbu.subsidy",
    "pinbu.subsidy.reservation",
    "pinbu.voucher",
    "pinbu.wallet.entry",
    "pinbu.withdrawal",
)
# And what they do not find among the fields of what they read.
SECRETS = ("wallet", "subsid", "withdraw", "identity", "invite", "means", "promise", "risk")


@tagged("post_install", "-at_install")
class TestWarehouseDay(GroupBuyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clerk = new_test_user(cls.env, "day_clerk", groups="stock.group_stock_user")
        cls.phone = "13800138000"

    def member(self, name, team=None, **kwargs):
        shopper = self.shopper(name)
        shopper.phone = self.phone
        home = self.env["res.partner"].create(
            {
                "name": name,
                "type": "delivery",
                "parent_id": shopper.id,
                "street": "2 Lane",
                "city": "Shanghai",
                "phone": self.phone,
            }
        )
        return self.join(shopper, team, address=home, **kwargs)

    def form(self, prefix, **kwargs):
        """:return: the deliveries of a formed team of three, as the clerk sees them"""
        team = self.member(f"{prefix} 1", **kwargs).team_id
        for number in range(2, team.size + 1):
            self.member(f"{prefix} {number}", team)
        self.run_schedulers()
        self.assertEqual(team.state, "formed")
        return self.clerks(team.order_ids.picking_ids.sorted("id"))

    def clerks(self, records):
        """:return: the same records, read anew with the clerk's rights only"""
        self.env.flush_all()
        self.env.invalidate_all()
        return records.with_user(self.clerk).with_context(lang="en_US")

    def look(self, records, *view_types):
        """Open these records in their views, and read there all that the clerk is shown."""
        views = records.get_views([(False, view_type) for view_type in view_types])
        arch = str(views["views"])
        known = views["models"][records._name]["fields"]
        names = [name for name in known if f'name="{name}"' in arch]
        records.web_read({name: {} for name in names})
        self.assertFalse([name for name in names if any(word in name for word in SECRETS)])
        return names

    def print_out(self, action):
        reports = self.env["ir.actions.report"].with_user(self.clerk)
        html, _type = reports._render_qweb_html(
            action["report_name"], action["context"]["active_ids"]
        )
        return html.decode()

    def test_day(self):
        pickings = self.form("morning", activity=self.make_activity(name="Nuts", max_quantity=2))
        more = self.form("noon", quantity=1)
        waiting = self.member("waiting").order_id
        self.run_schedulers()
        pickings, more = self.clerks(pickings), self.clerks(more)
        waiting = self.clerks(waiting.picking_ids)

        # What is there to do.
        self.assertIn(
            "pinbu_team_id", self.look(pickings | more | waiting, "list", "form", "kanban")
        )
        self.assertEqual(set((pickings | more).mapped("state")), {"assigned"})
        self.assertEqual((waiting.state, waiting.pinbu_mark), ("confirmed", "forming"))

        # Two rounds, of which the first is taken, printed, packed.
        wizard = Form(self.env["pinbu.batch.by.activity"].with_user(self.clerk)).save()
        action = wizard.action_batch()
        batches = self.env["stock.picking.batch"].with_user(self.clerk).search(action["domain"])
        self.assertEqual(len(batches), 2)
        self.look(batches, "list", "form", "kanban")
        batch = pickings.batch_id
        self.assertEqual(len(batch), 1)
        html = self.print_out(batch.action_print())
        self.assertIn("Nuts", html)
        self.assertNotIn(self.phone, html)
        html = self.print_out(batch.action_pinbu_slips())
        self.assertEqual(html.count("2 Lane"), 3)
        self.assertIn(self.phone, html)

        # One member's order is cancelled meanwhile, by somebody who may.
        cancelled = pickings[0]
        manager = new_test_user(self.env, "day_boss", groups="pinbu_groupbuy.group_manager")
        self.env["pinbu.order.refund"].with_user(manager).create(
            {"order_id": cancelled.sudo().sale_id.id, "reason": "Asked for it", "kind": "whole"}
        ).action_refund()
        self.run_schedulers()
        pickings, batch, more = map(self.clerks, (pickings, batch, more))
        self.assertEqual(cancelled.state, "cancel")
        batch.action_done()
        self.assertEqual(pickings.mapped("state"), ["cancel", "done", "done"])
        self.assertEqual(batch.state, "done")

        # The other round is short of a piece: what is there goes, the rest follows.
        short = more[0]
        short.move_ids.quantity = 0
        others = more - short
        others.move_ids.picked = True
        short.batch_id.action_done()
        self.assertEqual(set(others.mapped("state")), {"done"})
        self.assertFalse(short.batch_id)
        short.action_assign()
        short.button_validate()
        self.assertEqual(short.state, "done")

        # What waits goes by no door.
        for attempt in (waiting.button_validate, waiting.action_cancel, waiting.do_unreserve):
            with self.refusing("waiting|1 of 3|is not formed|forming|尚未成团"):
                attempt()

        # The carrier's numbers.
        sent = more.sorted("id")
        rows = "\n".join(f"{p.name},SF0000{p.id}" for p in sent)
        content = f"order,tracking\n{rows}\n{waiting.name},SF99999\n".encode()
        wizard = (
            self.env["pinbu.tracking.import"]
            .with_user(self.clerk)
            .create({"file": base64.b64encode(content)})
        )
        wizard.action_import()
        self.assertEqual(sent.mapped("carrier_tracking_ref"), [f"SF0000{p.id}" for p in sent])
        self.assertFalse(waiting.carrier_tracking_ref)

        # A shopper sends one back; its money follows.
        seat = sent[0].sudo().sale_id.seat_ids
        request = self.env["pinbu.return"].sudo()._request(seat, 1, "Too salty", [])
        request._accept()
        back = self.clerks(request.picking_ids)
        self.look(back, "form")
        back.move_ids.picked = True
        back.button_validate()
        self.run_schedulers()
        self.assertEqual(request.state, "refunded")

        # One is broken on the shelf.
        scrap = (
            self.env["stock.scrap"]
            .with_user(self.clerk)
            .create({"product_id": self.product.id, "scrap_qty": 1})
        )
        scrap.action_validate()
        self.assertEqual(scrap.state, "done")

    def test_what_a_clerk_does_not_see(self):
        picking = self.form("today")[0]
        env = self.env(user=self.clerk)
        for model in CLOSED:
            self.assertFalse(env[model].has_access("read"), model)
        for model in ("res.partner", "sale.order", "sale.order.line", "stock.picking"):
            names = [
                name
                for name in env[model].fields_get()
                if name.startswith("pinbu_") and any(word in name for word in SECRETS)
            ]
            self.assertFalse(names, model)
        with self.assertRaises(AccessError):
            picking.sale_id.read(["pinbu_means"])

    def test_phones_on_what_leaves_only(self):
        ready = self.form("today")[0]
        waiting = self.member("waiting").order_id
        self.run_schedulers()
        waiting = self.clerks(waiting.picking_ids)
        self.assertEqual(ready.read(["pinbu_phone"])[0]["pinbu_phone"], self.phone)
        self.assertFalse(waiting.read(["pinbu_phone"])[0]["pinbu_phone"])
        [told] = ready.partner_id.read(["phone"])
        self.assertNotEqual(told["phone"], self.phone)
