from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestCompanyGuard(TransactionCase):
    """Nobody gives a record to a company that they do not work in."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "The other shop"})
        cls.manager = new_test_user(cls.env, "guarded", groups="pinbu_groupbuy.group_manager")
        cls.both = new_test_user(
            cls.env,
            "in both",
            groups="pinbu_groupbuy.group_manager",
            company_ids=[Command.set((cls.env.company + cls.other).ids)],
        )
        cls.records = [
            cls.env["pinbu.activity.category"].create({"name": "Snacks"}),
            cls.env["pinbu.licence"].create({"name": "Licence"}),
        ]

    def test_only_who_works_in_both_moves_a_record(self):
        for record in self.records:
            with self.subTest(record._name):
                company = record.company_id
                with self.assertRaises(AccessError):
                    record.with_user(self.manager).company_id = self.other
                self.assertEqual(record.company_id, company)
                theirs = record.with_user(self.both)
                theirs.with_context(
                    allowed_company_ids=(company + self.other).ids
                ).company_id = self.other
                self.assertEqual(record.company_id, self.other)

    def test_what_has_a_company_of_its_own_is_guarded(self):
        """Whoever adds a model that people write gives it the guard too."""
        people = self.env["ir.model.access"].search(
            [("model_id.model", "=like", "pinbu.%"), ("perm_write", "=", True)]
        )
        guard = self.env.registry["pinbu.company.guard"]
        for model in people.model_id:
            records = self.env[model.model]
            field = records._fields.get("company_id")
            if records._transient or not field or field.readonly or field.related:
                continue
            self.assertTrue(issubclass(type(records), guard), model.model)
