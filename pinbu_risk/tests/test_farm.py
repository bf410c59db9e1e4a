"""Farms are stopped, crowds are not: as their clients come, through a proxy."""

from odoo.tests import HttpCase, tagged
from odoo.tools import config

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin
from odoo.addons.pinbu_subsidy.tests.common import SubsidyMixin

ACCOUNTS = 30
FARM = "203.0.113.7"
CAMPUS = "198.51.100.7"


@tagged("post_install", "-at_install")
class TestFarm(SubsidyMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop(stock=1000)
        cls.allow_demo_log_in()
        cls.activity.limit_per_user = 0
        # As behind nginx; Odoo believes it only in this mode.
        cls.addClassCleanup(config.__setitem__, "proxy_mode", config["proxy_mode"])
        config["proxy_mode"] = True
        cls.env["ir.config_parameter"].set_param("pinbu_risk.trusted_networks", "127.0.0.0/8")
        cls.env.flush_all()

    def call(self, method, path, *args, **kwargs):
        headers = {
            "X-Forwarded-For": self.address,
            "X-Forwarded-Host": self.base_url().partition("://")[2],
            **(kwargs.pop("headers", None) or {}),
        }
        return super().call(method, path, *args, headers=headers, **kwargs)

    def log_in(self, name, device=None):
        body = {"code": f"demo:{name}"}
        if device:
            body["device_id"] = device
        answer = self.call("POST", "/session", body)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data["token"]

    def register(self, prefix, addresses, devices=None):
        """:return: for each address the token of a new shopper there"""
        tokens = []
        for number, address in enumerate(addresses):
            self.address = address
            tokens.append(self.log_in(f"{prefix} {number}", devices and devices[number]))
        return list(zip(addresses, tokens, strict=True))

    def try_to_buy(self, shopper, team=None):
        """:return: the team of the order that was placed and paid, or the code of its refusal"""
        self.address, token = shopper
        answer = self.order(token, team and {"token": team.token})
        if answer.status != 201:
            return answer.code
        return self.pay(self.env["sale.order"].browse(answer.data["id"])).seat_ids.team_id

    def play_round(self, shoppers, members=2):
        """They team up, so many to a team of three.

        :return: the refusals, or None for who got in
        """
        outcomes = []
        for start in range(0, len(shoppers), members):
            team = None
            for shopper in shoppers[start : start + members]:
                result = self.try_to_buy(shopper, team)
                if isinstance(result, str):
                    outcomes.append(result)
                else:
                    team = result
                    outcomes.append(None)
        return outcomes

    def let_teams_fail(self):
        teams = self.env["pinbu.team"].search([("state", "=", "forming")])
        for team in teams:
            self.pass_deadline(team)
        self.run_schedulers()
        return teams

    def verdicts(self, prefix):
        """:return: what rules found about the shoppers with this prefix"""
        shoppers = self.env["res.partner"].search([("name", "=like", f"{prefix} %")])
        events = self.env["pinbu.risk.event"].search([("partner_ref", "in", shoppers.ids)])
        return set(events.mapped("action")) - {False}

    def test_a_farm_is_stopped_before_its_second_round(self):
        farm = self.register("Farm", [FARM] * ACCOUNTS)
        homes = self.register("Home", [f"192.0.2.{number}" for number in range(1, ACCOUNTS + 1)])
        for shoppers in (farm, homes):
            self.assertEqual(set(self.play_round(shoppers)), {None})
        self.assertEqual(len(self.let_teams_fail()), ACCOUNTS)
        # Just the same, from one address and from many.
        self.assertEqual(self.play_round(farm), ["risk_blocked"] * ACCOUNTS)
        self.assertEqual(self.play_round(homes), [None] * ACCOUNTS)
        self.assertEqual(self.verdicts("Home"), set())
        # A stranger who comes by the same address is not taken for one of them.
        [stranger] = self.register("Stranger", [FARM])
        self.assertNotIsInstance(self.try_to_buy(stranger), str)

    def test_a_farm_on_one_device_is_stopped_in_its_first_round(self):
        farm = self.register("Farm", [FARM] * ACCOUNTS, ["emulator"] * ACCOUNTS)
        refusals = self.play_round(farm)
        self.assertEqual(refusals, ["risk_blocked"] * ACCOUNTS)
        # Whoever has a device of their own goes on, in the same minute and from the same address.
        phones = self.register("Phone", [FARM] * 4, [f"phone {number}" for number in range(4)])
        self.assertEqual(self.play_round(phones), [None] * 4)

    def test_a_farm_with_many_devices_is_stopped_before_its_second_round(self):
        devices = [f"fake {number}" for number in range(8)]
        farm = self.register("Farm", [FARM] * 8, devices)
        self.assertEqual(set(self.play_round(farm)), {None})
        self.let_teams_fail()
        self.assertEqual(self.play_round(farm), ["risk_blocked"] * 8)

    def test_students_behind_one_address_pass(self):
        students = self.register("Student", [CAMPUS] * ACCOUNTS)
        self.assertEqual(set(self.play_round(students[:-2], 3)), {None})
        # One team of theirs fails, and they try again.
        self.assertEqual(set(self.play_round(students[-2:])), {None})
        self.let_teams_fail()
        self.assertEqual(self.play_round(students[-2:]), [None] * 2)
        self.assertLessEqual(self.verdicts("Student"), {"review"})
