"""How long what shoppers leave behind is kept: see ``pinbu.retention``."""

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    pinbu_notice_days = fields.Integer(
        string="Notices (days)",
        default=180,
        help="Older notices to shoppers are deleted; those that were read, after 30 days at most.",
    )
    pinbu_webhook_days = fields.Integer(
        string="Webhook Log (days)",
        default=30,
        help="What was told to other systems, or could not be told, is deleted after so long.",
    )
    pinbu_consent_days = fields.Integer(
        string="Former Consents (days)",
        default=1095,
        help="Consents to earlier terms, and of former shoppers, are deleted after so long.",
    )

    _pinbu_retention_sane = models.Constraint(
        "CHECK(pinbu_notice_days > 0 AND pinbu_webhook_days > 0 AND pinbu_consent_days > 0)",
        "What is kept is kept for a day at least.",
    )
