"""What shoppers read about the shop itself."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    _inherit = "res.company"

    pinbu_service_phone = fields.Char(
        string="Service Phone", help="Shoppers call it. Empty: the company's own number."
    )
    pinbu_return_policy = fields.Text(
        string="Return Policy",
        translate=True,
        help="What shoppers read about returns before they order.",
    )
    pinbu_privacy_url = fields.Char(
        string="Privacy Policy", help="The address of the page that shoppers agree to."
    )
    pinbu_consent_version = fields.Char(
        string="Consent Version",
        help="Of the terms and the privacy policy, such as 2025-06. A new one asks shoppers again.",
    )
    pinbu_consent_required = fields.Boolean(
        string="Consent Required",
        help="Nobody logs in without having agreed to the current version.",
    )
    pinbu_licence_ids = fields.One2many("pinbu.licence", "company_id", string="Licences")
    pinbu_subscribe_template_ids = fields.One2many(
        "pinbu.subscribe.template", "company_id", string="Subscription Templates"
    )

    pinbu_event_percent = fields.Integer(
        string="Visitors Sampled (%)",
        default=10,
        help="Of how many visitors in a hundred the views and taps are kept.",
    )
    pinbu_event_days = fields.Integer(
        string="Visits Kept (days)", default=90, help="Older views and taps are deleted."
    )

    _pinbu_event_sample = models.Constraint(
        "CHECK(pinbu_event_percent BETWEEN 0 AND 100 AND pinbu_event_days > 0)",
        "A sample is from 0 to 100 percent of the visitors, kept for a day at least.",
    )

    # === ONCHANGE AND CONSTRAINT METHODS === #

    @api.onchange("pinbu_consent_version")
    def _onchange_pinbu_consent_version(self):
        if not self.pinbu_consent_version:
            self.pinbu_consent_required = False

    @api.constrains("pinbu_consent_version", "pinbu_consent_required")
    def _check_pinbu_consent(self):
        for company in self:
            if company.pinbu_consent_required and not company.pinbu_consent_version:
                raise ValidationError(
                    self.env._("Name the version that shoppers have to agree to.")
                )
