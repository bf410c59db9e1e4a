"""Which company's shop a host name is."""

import re

from odoo import Command, api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.tools import frozendict

_SEPARATORS = re.compile(r"[,，;；\s]+")
_LABEL = r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")


class ResCompany(models.Model):
    _inherit = "res.company"

    pinbu_hosts = fields.Char(
        string="Shop's Host Names",
        help="Separated by commas, without https:// and port. A name that no company has leads to"
        " the shop of the public user's company.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains("pinbu_hosts")
    def _check_pinbu_hosts(self):
        # Also archived companies and those that this user does not see.
        companies = self.sudo().with_context(active_test=False)
        taken = companies.search([("pinbu_hosts", "!=", False)])
        for company in self.sudo():
            hosts = company._pinbu_host_names()
            for host in hosts:
                if not _NAME.fullmatch(host):
                    raise ValidationError(
                        self.env._("%s is not a host name, such as shop.example.com.", host)
                    )
            for other in taken - company:
                for host in set(hosts).intersection(other._pinbu_host_names()):
                    raise ValidationError(
                        self.env._("%(host)s is a host name of another company.", host=host)
                    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create([self._pinbu_normalise_hosts(vals) for vals in vals_list])
        companies.filtered("pinbu_hosts")._pinbu_hosts_changed()
        return companies

    def write(self, vals):
        res = super().write(self._pinbu_normalise_hosts(vals))
        if "pinbu_hosts" in vals:
            self._pinbu_hosts_changed()
        return res

    # === BUSINESS METHODS === #

    @api.model
    def _pinbu_normalise_hosts(self, vals):
        """:return: `vals` with the host names as clients send them: ``a.example, b.example``"""
        if "pinbu_hosts" not in vals:
            return vals
        names = filter(None, _SEPARATORS.split((vals["pinbu_hosts"] or "").lower()))
        hosts = ", ".join(dict.fromkeys(self._pinbu_to_ascii(name) for name in names))
        return {**vals, "pinbu_hosts": hosts or False}

    @api.model
    def _pinbu_to_ascii(self, name):
        try:
            return name.encode("idna").decode()
        except UnicodeError:
            return name  # the constraint refuses it

    def _pinbu_host_names(self):
        return self.pinbu_hosts.split(", ") if self.pinbu_hosts else []

    def _pinbu_hosts_changed(self):
        """Passers-by may come in: the public user acts in the company of the host."""
        public_user_sudo = self.env.ref("base.public_user").sudo()
        new = self.filtered("pinbu_hosts") - public_user_sudo.company_ids
        if new:
            public_user_sudo.write({"company_ids": [Command.link(company.id) for company in new]})
        self.env.registry.clear_cache()

    @api.model
    @tools.ormcache()
    def _pinbu_by_host(self):
        """:return: the ids of companies by their host names"""
        companies = self.sudo().search([("pinbu_hosts", "!=", False)])
        return frozendict(
            {host: company.id for company in companies for host in company._pinbu_host_names()}
        )
