from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import wake


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    subsidy_ids = fields.One2many("pinbu.subsidy", "team_id", string="Subsidies")
    to_subsidise = fields.Boolean(
        readonly=True,
        copy=False,
        help="Members have lost since what they are owed was last written down.",
    )

    _to_subsidise_idx = models.Index("(id) WHERE to_subsidise")

    @api.model
    def _lose(self, cr, seat_ids, reason):
        """What the losers are owed is worked out next: a thousand teams that fail at once keep the
        warehouse busy for long, and their shoppers do not wait for that."""
        super()._lose(cr, seat_ids, reason)
        if not seat_ids:
            return
        cr.execute(
            SQL(
                "UPDATE pinbu_team SET to_subsidise = TRUE"
                " WHERE id IN (SELECT team_id FROM pinbu_seat WHERE id = ANY(%s))",
                list(seat_ids),
            )
        )
        wake(self.env, cr, "pinbu_subsidy.ir_cron_grant")

    def _team_failed(self):
        result = super()._team_failed()
        self._owe_subsidies()
        return result

    def _owe_subsidies(self):
        """Write down what these failed teams owe their members, if that is not done yet."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM pinbu_team WHERE id = ANY(%s) AND to_subsidise"
                " ORDER BY id FOR NO KEY UPDATE SKIP LOCKED",
                self.ids,
            )
        )
        teams = self.browse(row[0] for row in self.env.cr.fetchall())
        if not teams:
            return
        teams._owe_promised()
        self.env.cr.execute(
            SQL("UPDATE pinbu_team SET to_subsidise = FALSE WHERE id = ANY(%s)", teams.ids)
        )
        teams.invalidate_recordset(["to_subsidise", "subsidy_ids"], flush=False)

    def _is_settled(self):
        return super()._is_settled() and self._are_subsidies_final()

    def _are_subsidies_final(self):
        """Whether every subsidy that this failed team is owed was granted or voided."""
        self.ensure_one()
        waiting = [("team_id", "=", self.id), ("state", "in", ("due", "blocked"))]
        return not self.to_subsidise and not self.env["pinbu.subsidy"].sudo().search_count(
            waiting, limit=1
        )

    def _check_settled_again(self):
        """Have settlement look at these failed teams once more, after the commit."""
        settlement = self.env["pinbu.settlement"]
        settlement._enqueue(self.env.cr, team_ids=self.ids)
        settlement._wake(self.env.cr)
