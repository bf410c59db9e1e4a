import logging

from odoo import api, models
from odoo.tools import SQL

from ..transactions import SQL_NOW

_logger = logging.getLogger(__name__)
_BATCH = 10_000
# Days for which a notice is kept that was read.
READ_NOTICE_DAYS = 30


class PinbuRetention(models.AbstractModel):
    """What is kept of shoppers for a time that each company sets, and then deleted.

    Money, the books, the log of what happened to orders and the logs of who looked at what are
    never deleted.
    """

    _name = "pinbu.retention"
    _description = "Retention of Personal Data"

    @api.model
    def _kept_for_a_time(self):
        """Hook: what is deleted in time.

        :return: ``{model: SQL}``, queries for the ids of the rows whose time is over; deleting them
            must be allowed by the database, and leave nothing behind that refers to them
        :rtype: dict
        """
        read = SQL("LEAST(%s, company.pinbu_notice_days)", READ_NOTICE_DAYS)
        return {
            "pinbu.event": self._sql_of_company("pinbu_event", self._sql_over("old.at", "event")),
            "pinbu.notice": self._sql_of_company(
                "pinbu_notice",
                SQL(
                    "(%s OR old.read_at < %s - %s * interval '1 day')",
                    self._sql_over("old.created_at", "notice"),
                    SQL_NOW,
                    read,
                ),
            ),
            "pinbu.webhook.delivery": SQL(
                """
                SELECT old.id FROM pinbu_webhook_delivery old
                  JOIN pinbu_webhook webhook ON webhook.id = old.webhook_id
                  JOIN res_company company ON company.id = webhook.company_id
                 WHERE old.state IN ('done', 'failed') AND %s
                """,
                self._sql_over("old.happened_at", "webhook"),
            ),
            # The last one of whoever is still here stays.
            "pinbu.consent": self._sql_of_company(
                "pinbu_consent",
                SQL(
                    """
                    %s AND (
                        EXISTS (SELECT 1 FROM pinbu_consent newer
                                 WHERE newer.partner_id = old.partner_id
                                   AND newer.company_id = old.company_id
                                   AND newer.given_at > old.given_at)
                        OR NOT (SELECT active FROM res_partner WHERE id = old.partner_id)
                    )
                    """,
                    self._sql_over("old.given_at", "consent"),
                ),
            ),
        }

    @api.model
    def _sql_of_company(self, table, condition):
        """:param SQL condition: on a row ``old`` of the table and its ``company``"""
        return SQL(
            "SELECT old.id FROM %s old JOIN res_company company ON company.id = old.company_id"
            " WHERE %s",
            SQL.identifier(table),
            condition,
        )

    @api.model
    def _sql_over(self, moment, kind):
        """:param str moment: a column, from which on the days of this kind count
        :param str kind: the setting of the company: ``event`` for ``pinbu_event_days``
        """
        return SQL(
            "%s < %s - company.%s * interval '1 day'",
            SQL(moment),
            SQL_NOW,
            SQL.identifier(f"pinbu_{kind}_days"),
        )

    # === SCHEDULER === #

    @api.model
    def _cron_delete(self):
        """Delete whatever's time is over, in batches; what fails is tried again the next day."""
        for model in self._kept_for_a_time():
            try:
                while count := self._delete_some(model):
                    if not self.env["ir.cron"]._commit_progress(count):
                        self.env.ref("pinbu_groupbuy.ir_cron_retention").sudo()._trigger()
                        return
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Old rows of %s could not be deleted", model)

    @api.model
    def _delete_some(self, model):
        """:return: how many rows of a batch were deleted"""
        records = self.env[model].sudo()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE id IN (%s LIMIT %s) RETURNING id",
                SQL.identifier(records._table),
                self._kept_for_a_time()[model],
                _BATCH,
            )
        )
        ids = [id_ for (id_,) in self.env.cr.fetchall()]
        if ids and "message_ids" in records._fields:
            # No foreign key takes these along.
            about = [("res_id", "in", ids)]
            self.env["mail.message"].sudo().search([("model", "=", model), *about]).unlink()
            for log in ("mail.activity", "mail.followers"):
                self.env[log].sudo().search([("res_model", "=", model), *about]).unlink()
        self.env.invalidate_all(flush=False)
        return len(ids)
