"""Who may do what with which records: the whole of it, as a table."""

from odoo.tests import TransactionCase, new_test_user, tagged

# What somebody has who does only this job. Jobs can be added up; these are the columns below.
ROLES = {
    "merch": "pinbu_groupbuy.group_user",
    "admin": "pinbu_groupbuy.group_manager",
    "store": "stock.group_stock_user",
    "books": "account.group_account_invoice",
    "officer": "pinbu_risk.group_officer",
    "idclerk": "pinbu_risk.group_identity",
    "auditor": "pinbu_risk.group_auditor",
    "counter": "pinbu_subsidy.group_voucher_clerk",
    "sales": "sales_team.group_sale_salesman",
    "reader": "account.group_account_readonly",
    "staff": "base.group_user",
    "shopper": "base.group_portal",
}
STAFF = [role for role in ROLES if role != "shopper"]
LETTERS = {"read": "r", "write": "w", "create": "c", "unlink": "d"}

# r read, w write, c create, d delete, - nothing. A row that is right is what the job needs, no more.
OURS = """
                            merch   admin   store   books   officer idclerk auditor counter sales   reader  staff   shopper
pinbu.account.deletion      -       r       -       -       r       -       -       -       -       -       -       -
pinbu.activity              rwcd    rwcd    r       r       -       -       -       -       r       r       -       -
pinbu.activity.category     r       rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.activity.day          r       r       -       -       -       -       -       -       -       -       -       -
pinbu.activity.image        rwcd    rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.activity.launch       rwc     rwc     -       -       -       -       -       -       -       -       -       -
pinbu.activity.line         rwcd    rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.activity.terms        r       r       -       -       -       -       -       -       -       -       -       -
pinbu.api.bucket            -       -       -       -       -       -       -       -       -       -       -       -
pinbu.api.idempotency       -       -       -       -       -       -       -       -       -       -       -       -
pinbu.api.key               -       rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.api.revocation        -       -       -       -       -       -       -       -       -       -       -       -
pinbu.api.scope             -       r       -       -       -       -       -       -       -       -       -       -
pinbu.appeal                -       rw      -       -       rw      -       -       -       -       -       -       -
pinbu.audit.check           -       -       -       -       -       -       r       -       -       -       -       -
pinbu.audit.head            -       -       -       -       -       -       r       -       -       -       -       -
pinbu.audit.log             -       -       -       -       -       -       r       -       -       -       -       -
pinbu.audit.words           -       -       -       -       -       -       -       -       -       -       -       -
pinbu.banner                rwcd    rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.batch.activity        -       -       rwcd    -       -       -       -       -       -       -       -       -
pinbu.batch.by.activity     -       -       rwc     -       -       -       -       -       -       -       -       -
pinbu.books.check           -       -       -       r       -       -       -       -       -       r       -       -
pinbu.books.day             -       -       -       r       -       -       -       -       -       r       -       -
pinbu.consent               -       r       -       -       -       -       -       -       -       -       -       -
pinbu.coupon.use            r       r       -       r       -       -       -       -       r       r       -       r
pinbu.data.export           -       r       -       -       r       -       -       -       -       -       -       -
pinbu.event                 r       r       -       -       -       -       -       -       -       -       -       -
pinbu.former.shopper        -       -       -       -       -       -       -       -       -       -       -       -
pinbu.identity              -       r       -       -       r       r       -       -       -       -       -       -
pinbu.identity.log          -       r       -       -       r       r       -       -       -       -       -       -
pinbu.invite                r       r       -       -       -       -       -       -       -       -       -       -
pinbu.invite.rule           r       rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.invite.task           r       rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.job                   r       r       r       -       -       -       -       -       -       -       -       -
pinbu.job.failure           r       r       r       -       -       -       -       -       -       -       -       -
pinbu.job.part              -       -       -       -       -       -       -       -       -       -       -       -
pinbu.licence               r       rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.notice                r       r       -       -       -       -       -       -       -       -       -       r
pinbu.order.address         rwc     rwc     -       -       -       -       -       -       -       -       -       -
pinbu.order.refund          -       rwc     -       rwc     -       -       -       -       -       -       -       -
pinbu.payout.balance        -       -       -       rwc     -       -       -       -       -       -       -       -
pinbu.ranking.closing       r       r       -       -       -       -       -       -       -       -       -       -
pinbu.ranking.prize         r       rwc     -       -       -       -       -       -       -       -       -       -
pinbu.ranking.queue         -       -       -       -       -       -       -       -       -       -       -       -
pinbu.ranking.score         r       r       -       -       -       -       -       -       -       -       -       -
pinbu.ranking.winner        r       r       -       -       -       -       -       -       -       -       -       -
pinbu.refund.by.hand        -       rwc     -       rwc     -       -       -       -       -       -       -       -
pinbu.return                r       r       r       r       -       -       -       -       r       -       -       r
pinbu.return.answer         rwc     rwc     -       -       -       -       -       -       -       -       -       -
pinbu.risk.block            -       rwc     -       -       rwc     -       -       -       -       -       -       -
pinbu.risk.case             -       rw      -       -       rw      -       -       -       -       -       -       -
pinbu.risk.decision         -       rwc     -       -       rwc     -       -       -       -       -       -       -
pinbu.risk.event            -       r       -       -       r       -       -       -       -       -       -       -
pinbu.risk.outage           -       r       -       -       r       -       -       -       -       -       -       -
pinbu.risk.rule             -       rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.scene                 rwcd    rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.seat                  r       r       -       r       -       -       -       -       r       r       -       r
pinbu.settlement            -       r       -       -       -       -       -       -       -       -       -       -
pinbu.shopper               r       r       -       -       -       -       -       -       -       -       -       -
pinbu.shopper.coupon        rwc     rwc     -       -       -       -       -       -       -       -       -       -
pinbu.subscribe.template    r       rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.subscription          -       r       -       -       -       -       -       -       -       -       -       -
pinbu.subsidy               r       r       -       r       r       -       -       -       -       r       -       r
pinbu.subsidy.budget        r       r       -       -       -       -       -       -       -       -       -       -
pinbu.subsidy.decision      -       rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.subsidy.reservation   r       r       -       -       -       -       -       -       -       -       -       -
pinbu.subsidy.rule          rwcd    rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.team                  r       rw      r       r       -       -       -       -       r       r       -       -
pinbu.team.intervention     rwc     rwc     -       -       -       -       -       -       -       -       -       -
pinbu.team.interventions    rwc     rwc     -       -       -       -       -       -       -       -       -       -
pinbu.tracking.import       -       -       rwc     -       -       -       -       -       -       -       -       -
pinbu.tracking.row          -       -       rwcd    -       -       -       -       -       -       -       -       -
pinbu.transition            r       r       -       r       -       -       -       -       -       r       -       -
pinbu.voucher               r       r       -       -       -       -       -       -       -       r       -       r
pinbu.voucher.redemption    rwc     rwc     -       -       -       -       -       rwc     -       -       -       -
pinbu.wallet.booking        -       -       -       r       -       -       -       -       -       r       -       -
pinbu.wallet.entry          r       r       -       r       -       -       -       -       -       r       -       r
pinbu.wallet.export         -       -       -       rwc     -       -       -       -       -       rwc     -       -
pinbu.webhook               -       rwcd    -       -       -       -       -       -       -       -       -       -
pinbu.webhook.delivery      -       r       -       -       -       -       -       -       -       -       -       -
pinbu.webhook.event         -       r       -       -       -       -       -       -       -       -       -       -
pinbu.withdrawal            r       r       -       r       r       -       -       -       -       r       -       r
pinbu.withdrawal.result     -       -       -       rwc     -       -       -       -       -       -       -       -
"""

# Odoo's own, as far as a job needs them or must not have them.
OTHERS = """
                            merch   admin   store   books   officer idclerk auditor counter sales   reader  staff   shopper
res.partner                 r       r       r       r       r       r       r       r       r       r       r       r
res.partner.bank            r       r       r       r       r       r       r       r       r       r       r       -
res.users                   r       r       r       r       r       r       r       r       r       r       r       r
res.groups                  r       r       r       r       r       r       r       r       r       r       r       -
res.company                 r       r       r       r       r       r       r       r       r       r       r       r
res.config.settings         -       -       -       -       -       -       -       -       -       -       -       -
ir.config_parameter         -       -       -       -       -       -       -       -       -       -       -       -
ir.cron                     -       -       -       -       -       -       -       -       -       -       -       -
sale.order                  rwc     rwc     rw      rw      -       -       -       -       rwc     r       -       r
sale.order.line             rwcd    rwcd    rw      rw      -       -       -       -       rwcd    r       -       r
stock.picking               rwc     rwc     rwcd    rwc     -       -       -       -       rwc     r       -       r
stock.picking.batch         -       -       rwcd    -       -       -       -       -       -       -       -       -
stock.move                  rwc     rwc     rwc     rwc     -       -       -       -       rwc     r       -       -
stock.quant                 r       r       rwc     r       r       r       r       r       r       r       r       -
stock.lot                   -       -       rwcd    -       -       -       -       -       -       -       -       -
stock.return.picking        -       -       rwc     -       -       -       -       -       -       -       -       -
stock.scrap                 -       -       rwc     -       -       -       -       -       -       -       -       -
product.template            r       r       r       r       r       r       r       r       r       r       r       -
delivery.carrier            r       r       r       -       -       -       -       -       r       -       -       -
payment.provider            -       -       -       -       -       -       -       -       -       -       -       -
payment.token               r       r       r       r       r       r       r       r       r       r       r       r
payment.transaction         -       r       -       rwc     -       -       -       -       -       -       -       -
account.move                r       r       -       rwcd    -       -       -       -       r       r       -       r
account.payment             -       -       -       rwcd    -       -       -       -       -       r       -       -
loyalty.card                rw      rw      -       -       -       -       -       -       rw      -       -       -
loyalty.program             r       r       -       -       -       -       -       -       r       -       -       -
loyalty.history             rwc     rwc     -       -       -       -       -       -       rwc     -       -       -
sms.sms                     -       -       -       -       -       -       -       -       -       -       -       -
"""

# What of a model's fields somebody must not read although they may read the model.
HIDDEN = {
    "sale.order.pinbu_wallet_amount": "store",
    "stock.picking.pinbu_phone": "merch admin books sales reader",
    "res.partner.pinbu_balance": "store officer idclerk auditor counter staff shopper",
    "res.partner.pinbu_entry_ids": "store officer idclerk auditor counter sales staff shopper",
    "res.partner.pinbu_withdrawal_ids": "store officer idclerk auditor counter sales staff shopper",
    "res.partner.pinbu_phone_mark": " ".join(ROLES),
    "res.partner.pinbu_has_returned": "store books idclerk auditor counter sales staff shopper",
    "res.partner.pinbu_identity_ids": "merch store books officer auditor counter sales staff shopper",
    "pinbu.identity.sealed": " ".join(ROLES),
    "pinbu.identity.number_mark": " ".join(ROLES),
    "pinbu.risk.event.address": " ".join(ROLES),
    "pinbu.risk.event.device": " ".join(ROLES),
    "pinbu.risk.event.phone": " ".join(ROLES),
    "pinbu.risk.event.delivery": " ".join(ROLES),
    "pinbu.risk.event.account": " ".join(ROLES),
    "pinbu.risk.block.mark": " ".join(ROLES),
}

# Who finds which app, or part of Group-buying, in the menu.
MENUS = """
                                  merch   admin   store   books   officer idclerk auditor counter sales   reader  staff
pinbu_groupbuy.menu_root          x       x       -       x       x       x       x       x       -       -       -
pinbu_groupbuy.menu_dashboard     x       x       -       -       -       -       -       -       -       -       -
pinbu_groupbuy.menu_activities    x       x       -       -       -       -       -       -       -       -       -
pinbu_groupbuy.menu_teams         x       x       -       -       -       -       -       -       -       -       -
pinbu_groupbuy.menu_sales         x       x       -       x       -       -       -       -       -       -       -
pinbu_groupbuy.menu_shoppers      x       x       -       -       -       -       -       -       -       -       -
pinbu_subsidy.menu_voucher        x       x       -       -       -       -       -       x       -       -       -
pinbu_subsidy.menu_subsidy        x       x       -       x       x       -       -       -       x       x       -
pinbu_subsidy.menu_invite         x       x       -       -       -       -       -       -       -       -       -
pinbu_subsidy.menu_ranking        x       x       -       -       -       -       -       -       -       -       -
pinbu_risk.menu_risk              -       x       -       -       x       x       x       -       -       -       -
pinbu_groupbuy.menu_reporting     x       x       -       -       -       -       -       -       -       -       -
pinbu_groupbuy.menu_configuration -       x       -       -       -       -       -       -       -       -       -
"""

# The same for all companies: lists that come with the add-on, and looks at one chain of them all.
SHARED = {"pinbu.api.scope", "pinbu.audit.check", "pinbu.audit.head", "pinbu.webhook.event"}


def access_of(records):
    """:return: what this user may do with the model, such as ``rw``; ``-`` for nothing"""
    may = (letter for operation, letter in LETTERS.items() if records.has_access(operation))
    return "".join(may) or "-"


def parse(table):
    """:return: ``{model: {role: letters}}``"""
    head, *rows = (line.split() for line in table.strip().splitlines())
    return {model: dict(zip(head, cells, strict=True)) for model, *cells in rows}


@tagged("post_install", "-at_install")
class TestAccessMatrix(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(cls.env, f"only {role}", group) for role, group in ROLES.items()
        }
        cls.ours = {name for name in cls.env.registry if name.startswith("pinbu.")} - {
            name for name, model in cls.env.registry.items() if model._abstract
        }

    def found(self, model):
        return {
            role: access_of(self.env[model].with_user(user)) for role, user in self.users.items()
        }

    def test_each_job_has_what_the_table_says(self):
        for model, expected in (parse(OURS) | parse(OTHERS)).items():
            with self.subTest(model):
                self.assertEqual(self.found(model), expected)

    def test_the_table_has_every_model(self):
        """Who adds a model thinks about who needs it, and writes it down above."""
        listed = set(parse(OURS))
        missing = [
            f"{model:28}" + "".join(f"{letters:8}" for letters in self.found(model).values())
            for model in sorted(self.ours - listed)
        ]
        self.assertFalse(missing, "\n".join(["Is this what each job needs?", *missing]))
        self.assertEqual(listed - self.ours, set(), "These are gone.")

    def test_records_of_companies_are_kept_apart(self):
        """What anybody but an administrator of the system reads has a rule for all users."""
        rules = self.env["ir.rule"].search([("model_id.model", "in", list(self.ours))])
        ruled = set(rules.filtered("global").mapped("model_id.model"))
        for model in sorted(self.ours - ruled - SHARED):
            if not self.env[model]._transient:
                read_by = [role for role, letters in self.found(model).items() if "r" in letters]
                self.assertFalse(read_by, model)

    def test_a_shopper_reads_what_is_theirs(self):
        portal = self.env.ref("base.group_portal")
        for model, row in parse(OURS).items():
            if row["shopper"] == "-":
                continue
            self.assertEqual(row["shopper"], "r", model)
            rules = self.env["ir.rule"].search(
                [("model_id.model", "=", model), ("groups", "in", portal.ids)]
            )
            self.assertTrue(rules, model)
            for rule in rules:
                self.assertIn("user.partner_id.id", rule.domain_force, model)

    def test_what_is_hidden_of_a_record(self):
        for name, roles in HIDDEN.items():
            model, _dot, field = name.rpartition(".")
            for role in roles.split():
                records = self.env[model].with_user(self.users[role])
                self.assertFalse(
                    records._has_field_access(records._fields[field], "read"), (name, role)
                )

    # === MENUS === #

    def menus_of(self, role):
        """:return: the menus below Group-buying that somebody with this job sees"""
        menus = self.env["ir.ui.menu"].with_user(self.users[role])
        visible = menus.browse(menus._visible_menu_ids()).sudo()
        root = self.env.ref("pinbu_groupbuy.menu_root")
        return visible.filtered(lambda menu: menu.parent_path.startswith(root.parent_path))

    def test_each_job_sees_its_menus(self):
        root = self.env.ref("pinbu_groupbuy.menu_root")
        shown = {role: self.menus_of(role) for role in STAFF}
        found = {
            menu.get_external_id()[menu.id]: {
                role: "x" if menu in menus else "-" for role, menus in shown.items()
            }
            for menu in root + root.child_id
        }
        lines = [
            f"{name:34}" + "".join(f"{mark:8}" for mark in row.values())
            for name, row in found.items()
        ]
        self.assertEqual(parse(MENUS), found, "\n".join(lines))

    def test_what_a_menu_shows_opens(self):
        """Nobody is led to a page that tells them they may not see it."""
        for role in STAFF:
            for menu in self.menus_of(role):
                action = menu.action
                if not action or action._name != "ir.actions.act_window":
                    continue
                with self.subTest(role=role, menu=menu.complete_name):
                    records = self.env[action.res_model].with_user(self.users[role])
                    self.assertTrue(records.has_access("read"))
                    kinds = [kind.strip() for kind in action.view_mode.split(",")]
                    views = records.get_views([(False, kind) for kind in [*kinds, "search"]])
                    fields = views["models"][records._name]["fields"]
                    records.search([], limit=2).read([*fields])
