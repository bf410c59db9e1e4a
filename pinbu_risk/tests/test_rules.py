"""What each rule counts, and whom it leaves alone."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, new_test_user, tagged

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.tests.common import GroupBuyMixin

from ..facts import facts_of
from ..models.pinbu_risk_rule import SUBJECTS

PLACES = ("203.0.113.1", "203.0.113.2")


class RuleCase(GroupBuyMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.activity.limit_per_user = 0
        cls.rules = cls.env["pinbu.risk.rule"]
        cls.events = cls.env["pinbu.risk.event"]
        cls.rules.search([]).active = False
        cls.env["ir.config_parameter"].set_param("pinbu_risk.trusted_networks", "127.0.0.0/8")

    def only(self, xmlid, **values):
        """:return: the shipped rule, which alone is active"""
        rule = self.env.ref(f"pinbu_risk.{xmlid}")
        rule.write({"active": True, **values})
        return rule

    def at(self, shopper, address=PLACES[0], device=None):
        """:return: the shopper as their requests come"""
        return shopper.with_context(pinbu_address=address, pinbu_device=device)

    def register(self, name, address=PLACES[0], device=None):
        """:return: the partner of a new shopper, who logged in for the first time there"""
        users = self.env["res.users"].with_context(pinbu_address=address, pinbu_device=device)
        user = users._get_or_create_shopper(f"test:{name}", {"name": name})
        return user.partner_id.with_env(self.env)

    def try_checkout(self, shopper, team=None, address=PLACES[0], **kwargs):
        """:return: the order, or the code of the refusal. A refusal stays written down, which
        Odoo's assertRaises would roll back."""
        seats = self.env["pinbu.seat"].with_context(pinbu_address=address)
        activity = team.activity_id if team else self.activity
        try:
            order, _created = seats._checkout(
                shopper, activity, activity.line_ids[:1].product_id, team=team, **kwargs
            )
        except PinbuError as error:
            return error.code
        return order

    def judge(self, shopper, moment="open", team=None, **kwargs):
        env = shopper.env
        facts = facts_of(env, moment, self.company, shopper, team=team, **kwargs)
        return self.rules._judge(self.cr, facts)

    def outcomes(self, shopper):
        events = self.events.search([("partner_ref", "=", shopper.id)], order="id")
        return [(event.kind, event.outcome, event.action) for event in events]


@tagged("post_install", "-at_install")
class TestMeasures(RuleCase):
    def test_places_not_paid_for_in_a_row(self):
        rule = self.only("rule_unpaid")
        shopper, other = self.shopper("Blocker"), self.shopper("Other")
        for _number in range(rule.threshold):
            self.try_checkout(shopper)._pinbu_cancel()
        # A lapsed one counts as well, and only now there is one too many.
        order = self.try_checkout(shopper)
        order.seat_ids.hold_until = fields.Datetime.now() - timedelta(minutes=1)
        self.env.flush_all()
        self.env["pinbu.seat"]._release_lapsed(self.activity)
        self.assertEqual(self.try_checkout(shopper), "risk_blocked")
        self.assertEqual(self.outcomes(shopper)[-1], ("open", "refused", "refuse"))
        self.assertEqual(self.try_checkout(other).seat_ids.state, "held")

        # For a while only.
        self.age_events(rule.window_minutes)
        self.pay(self.try_checkout(shopper))
        for _number in range(rule.threshold):
            self.try_checkout(shopper)._pinbu_cancel()
        # Who pays in between begins anew.
        self.pay(self.try_checkout(shopper))
        self.try_checkout(shopper)._pinbu_cancel()
        self.assertEqual(self.try_checkout(shopper).seat_ids.state, "held")

    def age_events(self, minutes):
        # The database refuses to change events, so the trigger steps aside for the test.
        self.env.flush_all()
        self.cr.execute("ALTER TABLE pinbu_risk_event DISABLE TRIGGER USER")
        self.cr.execute(
            "UPDATE pinbu_risk_event SET create_date = create_date - %s * interval '1 minute'",
            [minutes],
        )
        self.cr.execute("ALTER TABLE pinbu_risk_event ENABLE TRIGGER USER")
        self.env.invalidate_all()

    def test_changing_ones_mind_is_not_giving_up(self):
        self.only("rule_unpaid", threshold=0)
        shopper = self.shopper("Undecided")
        activity = self.make_activity()
        for offer in (self.activity, activity) * 2:
            self.checkout(shopper, activity=offer)
        self.assertEqual(self.outcomes(shopper), [("open", "allowed", False)] * 4)

    def test_many_accounts_on_one_device(self):
        rule = self.only("rule_accounts_of_device")
        shoppers = [
            self.register(f"Clone {number}", PLACES[number % 2], "emulator") for number in range(4)
        ]
        self.assertEqual(self.judge(self.at(shoppers[0])).action, "refuse")
        self.assertEqual(self.judge(shoppers[0]).measured, {rule.id: 4})
        # The device of the last log-in counts, whatever the client names later.
        self.assertEqual(self.try_checkout(shoppers[3]), "risk_blocked")
        other = self.register("Own phone", PLACES[0], "phone")
        self.assertEqual(self.judge(other).rule_ids, ())
        self.age_events(61)
        self.assertEqual(self.judge(shoppers[0]).rule_ids, ())

    def test_many_behind_one_address_are_only_looked_at(self):
        self.only("rule_accounts_of_address", threshold=2)
        self.only("rule_registrations_of_address", threshold=2)
        shoppers = [self.register(f"Student {number}") for number in range(4)]
        order = self.try_checkout(shoppers[3])
        self.assertEqual(order.seat_ids.state, "held")
        self.assertEqual(
            self.outcomes(shoppers[3]),
            [("registration", "allowed", "review"), ("open", "allowed", "review")],
        )
        self.assertEqual(self.outcomes(shoppers[1]), [("registration", "allowed", False)])
        case = self.env["pinbu.risk.case"].search([("partner_id", "=", shoppers[3].id)])
        self.assertEqual((case.action, case.hits), ("review", 2))
        # Another address, and one that is trusted.
        for address in (PLACES[1], "127.0.0.1"):
            self.assertEqual(self.judge(self.at(shoppers[3], address)).rule_ids, ())
        # Whoever has been here for long is not meant.
        self.cr.execute(
            "UPDATE res_partner SET create_date = create_date - interval '2 days' WHERE id = %s",
            [shoppers[3].id],
        )
        shoppers[3].invalidate_recordset()
        self.assertEqual(self.judge(self.at(shoppers[3])).rule_ids, ())

    def test_a_ring(self):
        self.only("rule_ring", threshold=2)
        ann, ben, cy = map(self.shopper, ("Ann", "Ben", "Cy"))
        for _number in range(2):
            team = self.join(ann).team_id
            self.join(ben, team)
            self.join(cy, team)
        team = self.join(ann).team_id
        self.assertEqual(self.judge(ben, "join", team).action, "review")
        self.assertEqual(self.judge(self.shopper("New"), "join", team).rule_ids, ())
        # With others they are welcome.
        team = self.join(self.shopper("Di")).team_id
        self.assertEqual(self.judge(ben, "join", team).rule_ids, ())

    def test_the_merchants_team_is_no_ring(self):
        self.only("rule_ring", threshold=0)
        crowd = self.make_activity(mode="super", size=100)
        ann, ben = self.shopper("Ann"), self.shopper("Ben")
        self.join(ann, crowd.super_team_id)
        self.assertEqual(self.judge(ben, "join", crowd.super_team_id).rule_ids, ())

    def test_one_person_twice_in_a_team(self):
        self.only("rule_teammates")
        ann, ben, cy = map(self.shopper, ("Ann", "Ben", "Cy"))
        ann.phone, ben.phone, cy.phone = "13800000001", "+86 138 0000 0001", "13800000002"
        ann.street, ben.street, cy.street = "1 Lane", "2 Lane", "1  LANE."
        team = self.pay(self.try_checkout(ann, delivery_method=None, address=None)).seat_ids.team_id
        self.assertEqual(self.judge(ben, "join", team).action, "review")  # the phone
        self.assertEqual(self.judge(cy, "join", team).rule_ids, ())
        di = self.shopper("Di")
        self.assertEqual(self.judge(di, "join", team).rule_ids, ())
        # The same phone in another team is another matter.
        other = self.join(di).team_id
        self.assertEqual(self.judge(ben, "join", other).rule_ids, ())

    def test_where_the_goods_go(self):
        self.only("rule_teammates", subject="delivery")
        ann, ben = self.shopper("Ann"), self.shopper("Ben")
        team = self.join(ann, address=ann).team_id
        self.assertEqual(self.judge(ben, "join", team, delivery=ben).action, "review")
        ben.street = "2 Lane"
        self.assertEqual(self.judge(ben, "join", team, delivery=ben).rule_ids, ())
        self.assertEqual(self.judge(ben, "join", team).rule_ids, ())

    def test_what_stands_in_an_event(self):
        shopper = self.register("Ann", "2001:db8:1:2::7", "phone of Ann")
        order = self.try_checkout(shopper, address="203.0.113.99")
        first, event = self.events.search([("partner_ref", "=", shopper.id)], order="id").sudo()
        self.assertEqual((first.kind, first.address_prefix), ("registration", "2001:db8::/32"))
        self.assertEqual((event.kind, event.address_prefix), ("open", "203.0.0.0/16"))
        self.assertEqual(event.activity_id, order.seat_ids.activity_id)
        self.assertTrue(event.is_newcomer)
        marks = "address", "device", "phone", "delivery"
        self.cr.execute("SELECT row_to_json(e)::text FROM pinbu_risk_event e")
        rows = "".join(row for [row] in self.cr.fetchall())
        for clear in ("203.0.113.99", "2001:db8:1:2", "phone of Ann"):
            self.assertNotIn(clear, rows)
        self.cr.execute(
            "SELECT address, device FROM pinbu_risk_event WHERE partner_ref = %s ORDER BY id",
            [shopper.id],
        )
        (home, device), (office, same_device) = self.cr.fetchall()
        self.assertNotEqual(home, office)
        self.assertEqual(device, same_device)
        officer = new_test_user(self.env, "officer", "pinbu_risk.group_officer")
        with self.assertRaises(AccessError):
            event.with_user(officer).read(marks)
        self.assertEqual(event.with_user(officer).partner_id, shopper)


@tagged("post_install", "-at_install")
class TestRules(RuleCase):
    def make_rule(self, **values):
        return self.rules.create({"name": "Mine", "threshold": 0, **values})

    def test_the_strictest_action_counts(self):
        shopper = self.shopper("Ann")
        rules = {
            action: self.make_rule(action=action)
            for action in ("review", "note", "delay", "identity", "refuse")
        }
        for action in ("refuse", "identity", "delay", "review", "note"):
            verdict = self.judge(shopper)
            self.assertEqual((verdict.action, verdict.rule_ids[0]), (action, rules[action].id))
            rules[action].active = False
        self.assertEqual(self.judge(shopper).action, None)

    def test_identity(self):
        self.make_rule(action="identity")
        ann, ben = self.shopper("Ann"), self.shopper("Ben")
        self.assertEqual(self.try_checkout(ann), "identity_required")
        self.assertEqual(self.outcomes(ann), [("open", "refused", "identity")])
        self.cr.execute(
            """
            INSERT INTO pinbu_identity (partner_id, company_id, state, version, given_at, sealed,
                                        key_id, number_mark)
                 VALUES (%s, %s, 'verified', 1, now(), '-', '-', '-')
            """,
            [ben.id, self.company.id],
        )
        self.assertEqual(self.try_checkout(ben).seat_ids.state, "held")
        self.assertEqual(self.outcomes(ben), [("open", "allowed", "identity")])

    def test_events_of_a_version_before(self):
        self.cr.execute(
            "INSERT INTO pinbu_risk_event (kind, outcome, company_id, partner_ref, create_date)"
            " VALUES ('participation', 'refused', %s, %s, now()) RETURNING id",
            [self.company.id, self.shopper("Ann").id],
        )
        event = self.env["pinbu.risk.event"].browse(self.cr.fetchone())
        self.assertEqual(event.display_name, "participation: Ann")

    def test_who_cannot_log_in_cannot_say_who_they_are(self):
        for moment in ("on_login", "on_registration"):
            with self.assertRaises(ValidationError):
                self.make_rule(action="identity", **{moment: True})
            self.make_rule(action="refuse", **{moment: True})

    def test_conditions(self):
        ann = self.shopper("Ann")
        rule = self.make_rule(action="review")
        for met, values in (
            (True, {"newcomers_only": True}),
            (True, {"max_account_age_hours": 1}),
            (False, {"activity_ids": [Command.link(self.make_activity().id)]}),
            (False, {"min_amount": 5.01}),
            (False, {"on_open": False}),
        ):
            rule.copy(values)
            rule.active = False
            verdict = self.judge(ann, activity=self.activity, amount_minor=500)
            self.assertEqual(verdict.action == "review", met, values)
            self.rules.search([("name", "=like", "Mine%"), ("id", "!=", rule.id)]).unlink()
            rule.active = True
        rule.newcomers_only = True
        self.join(ann)
        self.assertEqual(self.judge(ann).action, None)

    def test_who_counts_for_what(self):
        for measure, subject in (
            ("ring", "address"),
            ("shoppers", "partner"),
            ("participations", "inviter"),
        ):
            with self.assertRaises(ValidationError):
                self.make_rule(measure=measure, subject=subject)

    def test_who_changes_rules(self):
        shared = self.env.ref("pinbu_risk.rule_ring")
        manager = new_test_user(self.env, "manager", "pinbu_groupbuy.group_manager")
        system = new_test_user(self.env, "system", "pinbu_groupbuy.group_manager,base.group_system")
        # The only company's manager is in charge of what applies to every company.
        self.env["res.company"].search([("id", "!=", self.company.id)]).active = False
        shared.with_user(manager).threshold = 5
        shared.with_user(manager).threshold = 3
        self.env["res.company"].create({"name": "The other shop"})
        own = self.rules.with_user(manager).create({"name": "Own"})
        own.threshold = 3
        self.assertEqual(own.company_id, self.company)
        self.assertEqual(shared.with_user(manager).threshold, 3)
        for change in (
            lambda: shared.with_user(manager).write({"active": False}),
            lambda: shared.with_user(manager).unlink(),
            lambda: own.write({"company_id": False}),
            lambda: self.rules.with_user(manager).create({"name": "All", "company_id": False}),
        ):
            with self.assertRaises(AccessError):
                change()
        shared.with_user(system).threshold = 4
        officer = new_test_user(self.env, "officer", "pinbu_risk.group_officer")
        with self.assertRaises(AccessError):
            own.with_user(officer).threshold = 9

    def test_another_companys_rule_does_not_count(self):
        other = self.env["res.company"].create({"name": "The other shop"})
        self.make_rule(company_id=other.id)
        self.assertEqual(self.judge(self.shopper("Ann")).action, None)

    def test_sentences(self):
        shipped = self.rules.with_context(active_test=False, lang="en_US").search(
            [("company_id", "=", False)]
        )
        self.assertGreaterEqual(len(shipped), 8)
        for rule in shipped:
            if rule.measure != "first_subsidy":  # which has come, or has not
                number = "one" if rule.threshold == 1 else str(rule.threshold)
                self.assertIn(f"ore than {number} ", rule.sentence)
            self.assertNotIn("%", rule.sentence)
        rule = self.env.ref("pinbu_risk.rule_unpaid").with_context(lang="en_US")
        self.assertEqual(
            rule.sentence,
            "More than 2 places in a row that one shopper takes and does not pay for within 3 "
            "hours: it is refused.",
        )

    def test_sentences_of_one(self):
        rule = self.make_rule(
            measure="shoppers",
            subject="device",
            threshold=1,
            window_minutes=60,
            max_account_age_hours=1,
            on_login=True,
            action="delay",
        ).with_context(lang="en_US")
        self.assertEqual(
            rule.sentence,
            "More than one shopper with one device within an hour: it goes on, and what is granted"
            " for it waits for an officer. For a log-in, that is what is earned within an hour"
            " after it. Only for accounts younger than an hour.",
        )
        for minutes, span in (
            (1, "within a minute"),
            (59, "within 59 minutes"),
            (120, "within 2 hours"),
            (24 * 60, "within 24 hours"),
            (2 * 24 * 60, "within 2 days"),
            (0, "in a day"),
        ):
            rule.window_minutes = minutes
            self.assertIn(f" {span}", rule.sentence)
        for measure in self.rules._fields["measure"].get_values(self.env):
            rule.write({"subject": SUBJECTS[measure][0], "measure": measure})
            self.assertNotRegex(rule.sentence, r"\b1\b|%")

    def test_more_rules_cost_no_further_statement(self):
        shopper = self.shopper("Ann")
        facts = facts_of(shopper.env, "open", self.company, shopper)
        costs = set()
        for is_active in (False, True):
            self.rules.with_context(active_test=False).search([]).active = is_active
            verdict = self.rules._judge(self.cr, facts)
            before = self.cr.sql_log_count
            self.rules._judge(self.cr, facts)
            costs.add(self.cr.sql_log_count - before)
        self.assertEqual(len(costs), 1, costs)
        with self.assertQueryCount(1):
            self.events._append(self.cr, facts, verdict)
