import re
import unicodedata
from contextlib import contextmanager

from odoo import Command, api, models
from odoo.tools import SQL, str2bool

from ..exceptions import PinbuError
from ..transactions import in_test_transaction, renew_snapshot

_DEMO = "demo:"
_PHONE = re.compile(r"\+?[0-9]{8,15}")
# The class of the advisory locks on log-ins: a constant that nothing else uses.
_LOCK = 19_0005


class ResUsers(models.Model):
    """Shoppers: portal users that are made at their first log-in."""

    _inherit = "res.users"

    # === COMPUTE METHODS === #

    def _inverse_notification_type(self):
        """Leave users alone whose group already says what the field says.

        Odoo writes the group for each new user, which flushes the caches of all workers: every
        first log-in of a shopper would make the next requests several times slower.
        """
        inbox = self.env.ref("mail.group_mail_notification_type_inbox")
        changed = self.filtered(
            lambda user: (user.notification_type == "inbox") != (inbox in user.group_ids)
        )
        if changed:
            super(ResUsers, changed)._inverse_notification_type()

    # === BUSINESS METHODS === #

    @api.model
    def _log_in(self, code):
        """The shopper that a log-in code stands for, made at the first time.

        Modules that know another kind of code override this and leave the rest to super().

        In the context are the version of the terms that the shopper agreed to (``pinbu_consent``),
        the client's address (``pinbu_address``) and what the client calls its device
        (``pinbu_device``).

        :param str code: what the client got from its platform
        :return: an active portal user, with sudo
        :raise PinbuError: ``login_failed``, ``consent_required``
        """
        if code.startswith(_DEMO):
            return self._log_in_demo(code[len(_DEMO) :])
        raise self._login_failed()

    @api.model
    def _log_in_demo(self, name):
        name = unicodedata.normalize("NFC", name).strip()
        if not name or len(name) > 50 or not name.isprintable() or not self._allows_demo_log_in():
            raise self._login_failed()
        return self._get_or_create_shopper(f"{_DEMO}{name}", {"name": name})

    @api.model
    def _allows_demo_log_in(self):
        """:return: whether anybody may log in as anybody: only where no real money can move"""
        enabled = self.env["ir.config_parameter"].sudo().get_param("pinbu_groupbuy.demo_login")
        return (
            str2bool(enabled or "", False)
            and not self.env["payment.provider"]._pinbu_real_provider_enabled()
        )

    @api.model
    def _may_stay_logged_in(self, login):
        """:return: whether tokens of this log-in count: a demo's end with the demo"""
        return not login.startswith(_DEMO) or self._allows_demo_log_in()

    @api.model
    def _get_or_create_shopper(self, login, values):
        """The shopper with this `login`; safe against two first log-ins at once.

        Nothing may have been written before in this transaction.

        :param str login: unique; never an e-mail address
        :param dict values: of a new user
        :return: an active portal user, with sudo
        :raise PinbuError: ``login_failed`` for an archived or an internal user,
                           ``consent_required``
        """
        consents = self.env["pinbu.consent"]
        version = self.env.context.get("pinbu_consent")
        Users = self.env["res.users"].sudo().with_context(active_test=False)
        user = known = Users.search([("login", "=", login)])
        if not user:
            consents._check_stranger(version)
            with self._alone(login):
                user = Users.search([("login", "=", login)])
                user = user or Users._create_shopper({**values, "login": login})
        if not user.active or not user.share:
            raise self._login_failed()
        if known:
            user._check_may_log_in()
        user._join(self.env.company)
        consents._give(user.partner_id, version)
        return user

    def _check_may_log_in(self):
        """Hook: refuse the log-in of a shopper who was here before.

        :raise PinbuError: to refuse
        """

    def _join(self, company):
        """Let this shopper act in `company`, too, whose host they log in at.

        Not by the ORM: that flushes the caches of all workers, for each shopper once more.
        """
        self.ensure_one()
        if company.id in self._get_company_ids():
            return
        self.env.cr.execute(
            SQL(
                "INSERT INTO res_company_users_rel (cid, user_id) VALUES (%s, %s)"
                " ON CONFLICT DO NOTHING",
                company.id,
                self.id,
            )
        )
        self.invalidate_recordset(["company_ids"])
        company.invalidate_recordset(["user_ids"])

    def _remember_company(self, company):
        """Bring up to date what this worker remembers of a shopper who has joined `company`."""
        known = self._get_company_ids()
        if company.id not in known:
            self._get_company_ids.__cache__.add_value(self, cache_value=(*known, company.id))

    @contextmanager
    def _alone(self, login):
        """First log-ins of one shopper go one after the other: the second finds the first's user.

        The lock belongs to the session, not to the transaction, so that the snapshot can be taken
        behind it; a second connection for it would run a busy server out of connections.
        """
        cr = self.env.cr
        lock = SQL("%s, hashtext(%s)", _LOCK, login)
        cr.execute(SQL("SELECT pg_advisory_lock(%s)", lock))
        try:
            renew_snapshot(self.env)
            yield
            # Committed before the lock is given back.
            renew_snapshot(self.env)
        except Exception:
            # Else the failed transaction would not even unlock.
            if not in_test_transaction(cr):
                cr.rollback()
            raise
        finally:
            cr.execute(SQL("SELECT pg_advisory_unlock(%s)", lock))

    @api.model
    def _create_shopper(self, values):
        langs = dict(self.env["res.lang"].get_installed())
        Users = self.with_context(
            no_reset_password=True,
            mail_create_nolog=True,
            mail_create_nosubscribe=True,
            mail_notrack=True,
            tracking_disable=True,
        )
        return Users.create(
            {
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                "company_id": self.env.company.id,
                "company_ids": [Command.set(self.env.company.ids)],
                "lang": "zh_CN" if "zh_CN" in langs else self.env.lang,
                **values,
            }
        )

    def _login_failed(self):
        return PinbuError("login_failed", self.env._("The log-in did not work."))

    def _verify_phone(self, phone_code):
        """The phone number that a platform's code stands for; modules of platforms override this.

        Where anybody may log in as anybody, ``demo:<number>`` is one, too.

        :raise PinbuError: ``not_allowed_now`` where no platform can tell
        """
        number = phone_code.removeprefix(_DEMO)
        if number != phone_code and self._allows_demo_log_in() and _PHONE.fullmatch(number):
            return number
        raise PinbuError(
            "not_allowed_now", self.env._("A phone number cannot be verified in this shop.")
        )


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    @api.model
    def _pinbu_real_provider_enabled(self, company=None):
        """:return: whether some provider (of `company`) moves real money"""
        domain = [
            ("state", "=", "enabled"),
            ("code", "not in", self._pinbu_pretend_provider_codes()),
        ]
        if company:
            domain.append(("company_id", "=", company.id))
        return bool(self.sudo().search_count(domain, limit=1))

    @api.model
    def _pinbu_pretend_provider_codes(self):
        """:return: codes of providers that move no money of the outside world"""
        return ["none", "custom", "demo", "wallet"]
