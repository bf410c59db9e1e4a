from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, ormcache

from .. import webhooks
from ..transactions import SQL_NOW, wake

CRON = "pinbu_groupbuy.ir_cron_webhooks"


class PinbuWebhook(models.Model):
    """An address of the merchant's own systems that is told what happens here."""

    _name = "pinbu.webhook"
    _description = "Webhook"
    _inherit = ["pinbu.company.guard"]
    _order = "name, id"

    name = fields.Char(required=True)
    url = fields.Char(
        string="Address",
        required=True,
        help="An https address. Addresses inside a private network need the system parameter "
        "pinbu_groupbuy.webhook_networks.",
    )
    event_ids = fields.Many2many(
        "pinbu.webhook.event",
        string="Events",
        required=True,
        domain=[("code", "!=", "webhook.test")],
    )
    secret = fields.Char(
        default=lambda self: webhooks.new_secret(),
        required=True,
        readonly=True,
        copy=False,
        groups="pinbu_groupbuy.group_manager",
        help="With it the receiving system checks the signature.",
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    failed_count = fields.Integer(compute="_compute_failed_count")

    # === COMPUTE METHODS === #

    def _compute_failed_count(self):
        counts = dict(
            self.env["pinbu.webhook.delivery"]._read_group(
                [("webhook_id", "in", self.ids), ("state", "=", "failed")],
                ["webhook_id"],
                ["__count"],
            )
        )
        for webhook in self:
            webhook.failed_count = counts.get(webhook, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("url")
    def _check_url(self):
        for webhook in self:
            try:
                webhooks.check_url(webhook.url)
            except webhooks.Refused:
                raise ValidationError(
                    self.env._("This is no address that can be called: %s", webhook.url)
                ) from None

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        created = super().create(vals_list)
        self.env.registry.clear_cache()
        return created

    def write(self, vals):
        res = super().write(vals)
        self.env.registry.clear_cache()
        return res

    def unlink(self):
        res = super().unlink()
        self.env.registry.clear_cache()
        return res

    # === ACTION METHODS === #

    def action_renew_secret(self):
        """The old one is worth nothing from now on."""
        self.check_access("write")
        for webhook in self:
            webhook.secret = webhooks.new_secret()

    def action_send_test(self):
        """Send something harmless at once, to see whether it arrives."""
        self.check_access("write")
        self.env["pinbu.webhook.delivery"].sudo().create(
            [
                {
                    "webhook_id": webhook.id,
                    "event_id": self.env.ref("pinbu_groupbuy.webhook_event_test").id,
                }
                for webhook in self
            ]
        )
        wake(self.env, self.env.cr, CRON)
        return self.action_view_deliveries()

    def action_view_deliveries(self):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "pinbu_groupbuy.pinbu_webhook_delivery_action"
        )
        return {**action, "domain": [("webhook_id", "in", self.ids)], "context": {}}

    # === BUSINESS METHODS === #

    @api.model
    def _emit(self, event, records):
        """Tell those who listen that this has happened to these records, once for each.

        Writes down that it is to be told, in the current transaction; a scheduler tells it. Costs
        nothing where nobody listens, and may be called again for the same records.

        :param str event: the code of a `pinbu.webhook.event`
        :param records: of its model
        """
        if not records or not self._listens(event):
            return
        records.flush_recordset(["company_id"])
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid", "")
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pinbu_webhook_delivery
                       (webhook_id, event_id, res_id, uid, state, attempts, happened_at,
                        next_attempt_at)
                SELECT webhook.id, event.id, record.id,
                       'msg_' || left(encode(sha256(convert_to(concat_ws(
                           ':', %(database)s, webhook.id, event.code, record.id
                       ), 'UTF8')), 'hex'), 32),
                       'pending', 0, %(now)s, %(now)s
                  FROM pinbu_webhook webhook
                  JOIN pinbu_webhook_pinbu_webhook_event_rel listens
                    ON listens.pinbu_webhook_id = webhook.id
                  JOIN pinbu_webhook_event event ON event.id = listens.pinbu_webhook_event_id
                  JOIN %(table)s record ON record.company_id = webhook.company_id
                 WHERE webhook.active AND event.code = %(event)s AND record.id = ANY(%(ids)s)
                    ON CONFLICT (webhook_id, event_id, res_id) DO NOTHING
                """,
                database=database,
                now=SQL_NOW,
                table=SQL.identifier(records._table),
                event=event,
                ids=records.ids,
            )
        )
        if self.env.cr.rowcount:
            wake(self.env, self.env.cr, CRON)

    @api.model
    @ormcache("event")
    def _listens(self, event):
        """:return: whether any active webhook of any company wants to know of this"""
        return bool(self.sudo().search_count([("event_ids.code", "=", event)], limit=1))

    def _to_webhook(self):
        """:return: what a test tells"""
        return {"webhook": self.name}
