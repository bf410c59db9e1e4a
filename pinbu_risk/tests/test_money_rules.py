from odoo.tests import TransactionCase, tagged

from .risk_common import RiskMixin

# Tests move the past of a team by a month.
LONG = 60 * 24 * 60


@tagged("post_install", "-at_install")
class TestMoneyRules(RiskMixin, TransactionCase):
    """Who comes for the money alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()

    # === WITHDRAWING SOON AFTER THE FIRST SUBSIDY === #

    def lucky(self, name):
        """:return: a shopper with money of a lost team, whose identity was checked"""
        shopper, other = self.shopper(name), self.shopper(f"{name}'s friend")
        self.trust(shopper)
        self.fail_team(shopper | other)
        self.grant()
        return shopper

    def age_subsidies(self, shopper, interval):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_subsidy SET granted_at = granted_at - %s::interval WHERE partner_id = %s",
            [interval, shopper.id],
        )
        self.env.invalidate_all()

    def test_withdrawing_right_after_the_first_subsidy_is_looked_at(self):
        rule = self.env.ref("pinbu_risk.rule_first_subsidy")
        rule.active = True
        ann, ben = self.lucky("Ann"), self.lucky("Ben")
        self.age_subsidies(ben, "3 hours")
        # Ben's second one does not make the first one young.
        self.fail_team(ben | self.shopper("Another"))
        self.grant()
        withdrawal = self.withdraw(ann, 500)
        self.assertEqual((withdrawal.state, withdrawal.review_reason), ("review", "risk"))
        self.assertEqual(self.case_of(ann).rule_refs, rule.ids)
        self.assertEqual(self.withdraw(ben, 500).state, "requested")

    def test_whoever_has_been_here_for_long_is_left_alone(self):
        self.env.ref("pinbu_risk.rule_first_subsidy").active = True
        ann = self.lucky("Ann")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET create_date = create_date - interval '3 days' WHERE id = %s",
            [ann.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.withdraw(ann, 500).state, "requested")

    # === FRIENDS WHO ONLY EVER LOSE === #

    def bring(self, inviter, friends):
        """These shoppers are newcomers whom this one brought."""
        for friend in friends:
            self.env["pinbu.invite"].create(
                {
                    "partner_id": friend.id,
                    "inviter_id": inviter.id,
                    "company_id": self.company.id,
                    "joined_at": "2026-01-01",
                }
            )

    def test_an_inviter_whose_friends_only_lose_waits_for_a_look(self):
        rule = self.env.ref("pinbu_risk.rule_friends_lost")
        rule.write({"active": True, "threshold": 3, "window_minutes": LONG})
        inviter, lonely = self.shopper("Inviter"), self.shopper("Lonely")
        friends = self.shoppers(4)
        self.bring(inviter, friends[:3])
        self.bring(lonely, friends[3])
        self.fail_team(friends[0] | friends[1])
        self.fail_team(friends[2] | friends[3])
        subsidies = self.fail_team(inviter | lonely).subsidy_ids
        self.grant()
        # Three are allowed.
        self.assertEqual(set(subsidies.mapped("state")), {"granted"})
        self.bring(inviter, more := self.shopper("More"))
        self.fail_team(more | self.shopper("Whoever"))
        self.grant()
        subsidies = self.fail_team(inviter | lonely).subsidy_ids
        self.grant()
        states = {subsidy.partner_id: subsidy.state for subsidy in subsidies}
        self.assertEqual(states, {inviter: "blocked", lonely: "granted"})

    def test_one_friend_who_wins_clears_it(self):
        rule = self.env.ref("pinbu_risk.rule_friends_lost")
        rule.write({"active": True, "threshold": 1, "window_minutes": LONG})
        inviter, other = self.shopper("Inviter"), self.shopper("Other")
        friends = self.shoppers(3)
        self.bring(inviter, friends)
        self.fail_team(friends)
        seat = self.join(friends[0])
        size = seat.team_id.size
        for number in range(1, size):
            self.join(self.shopper(f"Filler {number}"), seat.team_id)
        self.run_schedulers()
        self.assertEqual(seat.state, "won")
        subsidies = self.fail_team(inviter | other).subsidy_ids
        self.grant()
        self.assertEqual(set(subsidies.mapped("state")), {"granted"})
