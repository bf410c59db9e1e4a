"""By which doors somebody might change a setting or a right and pass the audit log by."""

from odoo import Command
from odoo.tests import new_test_user, tagged

from .test_audit import AuditCase


@tagged("post_install", "-at_install")
class TestAuditDoors(AuditCase):
    def setUp(self):
        super().setUp()
        self.root = new_test_user(self.env, "root2", "base.group_system", name="Rita Root")
        self.env.flush_all()
        self.before = self.log()[-1:].id or self.before

    def by_root(self, record):
        return record.with_user(self.root)

    def one(self, record, name, action="changed"):
        """The last row about the record is by the administrator. :return: old and new value"""
        row = self.log(("model", "=", record._name), ("res_id", "=", record.id))[-1:]
        self.assertTrue(row, f"{record} left no row")
        self.assertEqual((row.user_ref, row.action), (self.root.id, action))
        return self.values(row).get(name)

    def test_a_group_given_from_above(self):
        """Whoever is in another group is in the officers' from now on."""
        officers = self.env.ref("pinbu_risk.group_officer")
        self.by_root(officers).implied_by_ids = [Command.link(self.env.ref("base.group_user").id)]
        self.assertEqual(self.one(officers, "implied_by_ids")[0], [])

    def test_a_group_given_at_the_user(self):
        group = self.env.ref("pinbu_risk.group_identity")
        user = new_test_user(self.env, "dora", "base.group_user")
        self.by_root(user).write({"group_ids": [Command.link(group.id)]})
        self.assertEqual(self.one(user, "group_ids")[1], [[group.id, group.display_name]])
        self.by_root(group).write({"user_ids": [Command.unlink(user.id)]})
        self.assertEqual(self.one(group, "user_ids"), [[[user.id, user.name]], []])

    def test_what_a_group_may_do(self):
        access = self.env.ref("pinbu_risk.access_pinbu_audit_log_auditor", False)
        access = access or self.env["ir.model.access"].search(
            [("model_id.model", "=", "pinbu.audit.log")], limit=1
        )
        self.by_root(access).perm_write = True
        self.assertEqual(self.one(access, "perm_write"), [False, True])
        rule = self.env["ir.rule"].search([("model_id.model", "=", "pinbu.audit.log")], limit=1)
        self.by_root(rule).active = False
        self.assertEqual(self.one(rule, "active"), [True, False])

    def test_code_and_schedulers(self):
        action = self.by_root(self.env["ir.actions.server"]).create(
            {
                "name": "Look",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": "pass",
            }
        )
        self.assertEqual(self.one(action, "code", "created"), [None, "pass"])
        action.code = "record.name"
        self.assertEqual(self.one(action, "code"), ["pass", "record.name"])
        action.unlink()
        self.assertEqual(self.one(action, "code", "deleted"), ["record.name", None])
        cron = self.env.ref("pinbu_groupbuy.ir_cron_retention")
        self.by_root(cron).active = False
        self.assertEqual(self.one(cron, "active"), [True, False])

    def test_means_of_payment(self):
        provider = self.env["payment.provider"].search([], limit=1)
        method = self.env["payment.method"].search([("active", "=", True)], limit=1)
        method = method or self.env["payment.method"].with_context(active_test=False).search(
            [], limit=1
        )
        before = method.active
        self.by_root(method).active = not before
        self.assertEqual(self.one(method, "active"), [before, not before])
        self.by_root(method).write({"provider_ids": [Command.set(provider.ids)]})
        self.assertTrue(self.one(method, "provider_ids"))

    def test_a_key_for_calls_over_rpc(self):
        keys = self.env["res.users.apikeys"].with_user(self.root)
        keys._generate("rpc", "Evil twin", None)
        key = keys.sudo().search([("name", "=", "Evil twin")])
        self.assertEqual(self.one(key, "name", "created"), [None, "Evil twin"])
        key._remove()
        self.assertEqual(self.one(key, "name", "deleted"), ["Evil twin", None])

    def test_what_goes_with_an_activity(self):
        activity = self.make_activity(publish=False)
        line = activity.line_ids
        self.assertTrue(line)
        activity.with_user(self.manager).unlink()
        row = self.log(("model", "=", line._name), ("action", "=", "deleted"))
        self.assertEqual(row.res_id, line.id)

    def test_settings(self):
        settings = self.env["res.config.settings"].with_user(self.root)
        settings.create({"pinbu_service_phone": "400-1"}).execute()
        self.assertEqual(self.one(self.env.company, "pinbu_service_phone")[1], "400-1")

    def test_an_import_and_a_copy(self):
        category = self.env["pinbu.activity.category"].create({"name": "Fruit"})
        mine = self.mine(category)
        result = mine.load([".id", "name"], [[str(category.id), "Vegetables"]])
        self.assertTrue(result["ids"], result["messages"])
        row = self.log(("model", "=", category._name))[-1]
        self.assertEqual(row.res_id, category.id)
        self.assertEqual(self.values(row)["name"], ["Fruit", "Vegetables"])
        copied = mine.copy()
        row = self.log(("model", "=", category._name))[-1]
        self.assertEqual((row.res_id, row.action), (copied.id, "created"))
