from odoo import api, fields, models
from odoo.tools import SQL

from ..transactions import SQL_NOW

# What a platform answers starts so when the shopper said yes: `accept`, `acceptWithAudio`.
_YES = "accept"


class PinbuSubscription(models.Model):
    """What a shopper answered when a client asked whether to send a kind of message.

    Each yes allows one message.
    """

    _name = "pinbu.subscription"
    _description = "Message Subscription"
    _order = "answered_at desc, id desc"
    _rec_name = "template_id"
    _log_access = False

    partner_id = fields.Many2one(
        "res.partner", string="Shopper", required=True, index=True, ondelete="cascade"
    )
    template_id = fields.Many2one(
        "pinbu.subscribe.template", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="template_id.company_id")
    granted = fields.Integer(string="Messages Allowed", required=True)
    answer = fields.Char(string="Last Answer", required=True)
    answered_at = fields.Datetime(required=True)

    _once = models.Constraint(
        "UNIQUE(partner_id, template_id)", "A shopper has one row for a template."
    )

    # === BUSINESS METHODS === #

    @api.model
    def _api_answer(self, partner, name, answer):
        """Keep a shopper's answer; one about a template that the shop does not use is not kept.

        :param str name: the template's id on the platform, or its kind
        :param str answer: the platform's word
        """
        template = (
            self.env["pinbu.subscribe.template"]
            .sudo()
            .search(
                [
                    ("company_id", "=", self.env.company.id),
                    "|",
                    ("template", "=", name),
                    ("kind", "=", name),
                ],
                limit=1,
            )
        )
        if not template:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO pinbu_subscription AS mine
                       (partner_id, template_id, granted, answer, answered_at)
                VALUES (%s, %s, %s, %s, %s)
                    ON CONFLICT (partner_id, template_id) DO UPDATE
                   SET granted = mine.granted + EXCLUDED.granted, answer = EXCLUDED.answer,
                       answered_at = EXCLUDED.answered_at
                """,
                partner.id,
                template.id,
                int(answer.startswith(_YES)),
                answer,
                SQL_NOW,
            )
        )
