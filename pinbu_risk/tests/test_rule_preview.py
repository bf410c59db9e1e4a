from unittest.mock import patch

from odoo.tests import Form, TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from .risk_common import RiskMixin

PREVIEW = "odoo.addons.pinbu_risk.models.pinbu_risk_rule_preview"


@tagged("post_install", "-at_install")
class TestRulePreview(RiskMixin, TransactionCase):
    """What an edited rule would have found, before it is saved."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.manager = new_test_user(
            cls.env, "manager", "pinbu_groupbuy.group_manager", lang="en_US"
        )
        cls.ann, cls.ben = cls.shopper("Ann"), cls.shopper("Ben")
        cls.rule = cls.make_rule(
            "open", "join", threshold=99, company_id=cls.company.id, action="refuse"
        )

    def happened(self, partner, *minutes, **values):
        """Events of so many minutes ago."""
        row = {
            "kind": "open",
            "outcome": "allowed",
            "company_id": self.company.id,
            "partner_ref": partner.id,
            **values,
        }
        columns = ", ".join(row)
        marks = ", ".join(f"%({name})s" for name in row)
        for ago in minutes:
            self.env.cr.execute(
                f"INSERT INTO pinbu_risk_event ({columns}, create_date)"
                f" VALUES ({marks}, now() AT TIME ZONE 'UTC' - %(ago)s * interval '1 minute')",
                {**row, "ago": ago},
            )

    def look_back(self, **values):
        """Edit the rule as the manager would, and leave it as it was.

        :return: the sentence
        """
        form = Form(self.rule.with_user(self.manager).with_context(lang="en_US"))
        for name, value in values.items():
            setattr(form, name, value)
        return form.preview

    def assert_found(self, met, total, shoppers, **values):
        self.assertIn(f" {met} of {total}, by {shoppers} shoppers", self.look_back(**values))

    def test_the_past_is_counted_as_it_was_then(self):
        self.happened(self.ann, 100, 80, 60, 50)
        # Far apart, and of so long ago that nobody looks.
        self.happened(self.ben, 400, 200)
        self.happened(self.ben, 31 * 24 * 60, 31 * 24 * 60 + 1)
        self.assert_found(0, 6, 0)
        self.assert_found(3, 6, 1, threshold=1)
        self.assert_found(1, 6, 1, threshold=1, window_minutes=15)
        self.assert_found(4, 6, 2, threshold=1, window_minutes=300)
        self.assert_found(6, 6, 2, threshold=0)
        # Nothing was saved.
        self.assertEqual((self.rule.threshold, self.rule.window_minutes), (99, 60))

    def test_what_was_refused_does_not_count_but_is_looked_at(self):
        self.happened(self.ann, 30, 20)
        self.happened(self.ann, 10, outcome="refused")
        self.happened(self.ann, 5)
        self.assert_found(3, 4, 1, threshold=1)
        self.assert_found(0, 4, 0, threshold=3)

    def test_conditions(self):
        self.happened(self.ann, 30, 20, account_age_hours=2, is_newcomer=True)
        self.happened(self.ben, 30, 20, account_age_hours=900, is_newcomer=False)
        self.assert_found(2, 4, 2, threshold=1)
        self.assert_found(1, 4, 1, threshold=1, newcomers_only=True)
        self.assert_found(1, 4, 1, threshold=1, max_account_age_hours=24)
        self.assert_found(0, 4, 0, threshold=1, max_account_age_hours=2)

    def test_shoppers_of_one_device(self):
        for partner, device in ((self.ann, "a"), (self.ben, "a"), (self.shopper("Cid"), "b")):
            self.happened(partner, 10 + partner.id % 2, device=device)
        self.happened(self.shopper("Without"), 5)
        self.assert_found(1, 4, 1, measure="shoppers", subject="device", threshold=1)

    def test_moments(self):
        self.happened(self.ann, 30, 20)
        self.happened(self.ann, 10, kind="withdrawal")
        self.assert_found(1, 2, 1, threshold=1)
        self.assert_found(2, 3, 1, threshold=1, on_withdrawal=True)

    def test_nothing_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.happened(self.ann, 30, 20, company_id=other.id)
        self.assert_found(0, 0, 0, threshold=0)

    def test_it_says_what_the_rule_says(self):
        """Real shoppers, judged by a rule; afterwards the same rule is tried on what they did."""
        self.rule.write({"action": "note", "threshold": 1})
        for _number in range(3):
            self.join(self.ann)
        self.join(self.ben)
        met = self.events.search_count([("rule_ref", "=", self.rule.id)])
        self.assertEqual(met, 2)
        self.assert_found(met, 4, 1)

    def test_a_part_stands_for_the_whole(self):
        self.happened(self.ann, *range(1, 31))
        with patch(f"{PREVIEW}.SAMPLE", 10):
            self.assertRegex(self.look_back(threshold=0), "about 30 of 30")

    def test_it_gives_up_in_time(self):
        self.happened(self.ann, *range(1, 31))
        with (
            mute_logger("odoo.sql_db"),
            patch(f"{PREVIEW}.PATIENCE_MS", 1),
            patch.object(
                self.registry["pinbu.risk.rule"],
                "_sql_measure_participations",
                lambda *_args: SQL("SELECT 1 FROM pg_sleep(0.1)"),
            ),
        ):
            self.assertIn("too much", self.look_back(threshold=1))

    def test_what_cannot_be_told_is_not_told(self):
        sentence = self.look_back(measure="ring")
        self.assertIn("cannot be told from the past", sentence)
