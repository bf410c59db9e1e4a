from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW, short_transaction, wake

from ..jobs import each_alone

# An outage is over when the rules answer again and nothing has failed for so long.
QUIET = timedelta(minutes=5)


class RulesDown(Exception):
    """The rules could not be asked: neither a yes nor a no."""


class PinbuRiskOutage(models.Model):
    """A time in which the rules could not be asked.

    Shoppers went on logging in, opening and joining meanwhile, unjudged; no subsidy was granted and
    no withdrawal taken. A company has one that goes on at most.
    """

    _name = "pinbu.risk.outage"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Outage of the Risk Rules"
    _order = "id desc"
    _rec_name = "began_at"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    began_at = fields.Datetime(string="Began on", required=True, readonly=True)
    last_at = fields.Datetime(string="Last Failure", required=True, readonly=True)
    ended_at = fields.Datetime(string="Ended on", readonly=True)
    passed = fields.Integer(
        string="Let Through",
        readonly=True,
        help="How often a shopper logged in, opened or joined a team without being judged.",
    )
    refused = fields.Integer(
        string="Money Held Back",
        readonly=True,
        help="How often a subsidy or a withdrawal had to wait, repetitions included.",
    )
    error = fields.Char(readonly=True, help="What the last failure said.")
    is_alerted = fields.Boolean(readonly=True, help="Technical: an officer was told.")
    state = fields.Selection(
        [("open", "Going On"), ("over", "Over")], compute="_compute_state", search="_search_state"
    )

    _one_open = models.UniqueIndex(
        "(company_id) WHERE ended_at IS NULL", "A company has one outage that goes on."
    )

    # === COMPUTE METHODS === #

    @api.depends("ended_at")
    def _compute_state(self):
        for outage in self:
            outage.state = "over" if outage.ended_at else "open"

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        wanted = set(value) & {"open", "over"}
        if len(wanted) != 1:
            return [("id", "!=", False)] if wanted else [("id", "=", False)]
        return [("ended_at", "=" if "open" in wanted else "!=", False)]

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Outages are kept: they tell when nobody was judged."))

    # === BUSINESS METHODS === #

    @api.model
    def _note(self, company_id, error, *, passed=0, refused=0):
        """Write down, in a transaction of its own, that the rules could not be asked.

        :param Exception error: what happened
        :param int passed: how many were let through
        :param int refused: how much money had to wait: subsidies, withdrawals
        """
        with short_transaction(self.env) as cr:
            cr.execute(
                SQL(
                    """
                    INSERT INTO pinbu_risk_outage AS outage
                           (company_id, began_at, last_at, passed, refused, error,
                            create_uid, create_date, write_uid, write_date)
                    VALUES (%(company)s, %(now)s, %(now)s, %(passed)s, %(refused)s, %(error)s,
                            %(uid)s, %(now)s, %(uid)s, %(now)s)
                        ON CONFLICT (company_id) WHERE ended_at IS NULL DO UPDATE
                       SET last_at = EXCLUDED.last_at, error = EXCLUDED.error,
                           passed = outage.passed + EXCLUDED.passed,
                           refused = outage.refused + EXCLUDED.refused
                 RETURNING xmax = 0
                    """,
                    company=company_id,
                    passed=passed,
                    refused=refused,
                    error=self._say(error),
                    uid=self.env.uid,
                    now=SQL_NOW,
                )
            )
            [is_new] = cr.fetchone()
            if is_new:
                wake(self.env, cr, "pinbu_risk.ir_cron_risk_outages")

    @api.model
    def _say(self, error):
        """:return: the first line only: the others quote what was asked about"""
        cause = error.__cause__ or error
        return f"{type(cause).__name__}: {cause}".splitlines()[0][:500]

    # === SCHEDULER === #

    @api.model
    def _cron_watch(self):
        """Tell an officer of an outage, ask the rules again, and close it when they answer."""
        if not each_alone(self.sudo(), [("ended_at", "=", False)], "_watch"):
            self.env.ref("pinbu_risk.ir_cron_risk_outages")._trigger()
            self.env["ir.cron"]._commit_progress()

    def _watch(self):
        self.ensure_one()
        self._alert()
        if self.last_at > fields.Datetime.now() - QUIET:
            return
        try:
            self.env["pinbu.risk.rule"]._probe(self.company_id)
        except RulesDown as error:
            # Not by `_note`: it would wait for this transaction, which has locked the row.
            self.write({"last_at": fields.Datetime.now(), "error": self._say(error)})
            return
        self.ended_at = fields.Datetime.now()
        self.activity_feedback(["pinbu_risk.mail_activity_type_outage"])
        self.env.ref("pinbu_subsidy.ir_cron_grant")._trigger()

    def _alert(self):
        """Give an officer the task to look at it, once."""
        if self.is_alerted:
            return
        self.is_alerted = True
        if officer := self.company_id._pinbu_risk_officer():
            outage = self.with_context(lang=officer.lang)
            outage.activity_schedule(
                "pinbu_risk.mail_activity_type_outage",
                user_id=officer.id,
                note=outage.env._(
                    "The risk rules cannot be asked: shoppers are let through unjudged, and no"
                    " subsidy or withdrawal goes out until they answer again. %s",
                    self.error,
                ),
            )
