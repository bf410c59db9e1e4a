from werkzeug.exceptions import MethodNotAllowed, NotFound

from odoo import api, models, tools
from odoo.http import request

from ..api import language, render, tokens
from ..exceptions import PinbuError

_BASE = "/pinbu/api"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    # === ROUTING === #

    @classmethod
    def _match(cls, path):
        """Everything below /pinbu/api finds a route of the API, so that no answer is HTML."""
        if path != _BASE and not path.startswith(f"{_BASE}/"):
            return super()._match(path)
        # Keeps http_routing from redirecting to a language's URL or rendering a page.
        request.is_frontend = request.is_frontend_multilang = False
        try:
            return super()._match(path)
        except (NotFound, MethodNotAllowed):
            return super()._match(_BASE)  # the catch-all route, in controllers/not_found.py

    @classmethod
    def _pinbu_allowed_methods(cls, path):
        """:return: the verbs that some route of the API answers at `path`"""
        adapter = request.env["ir.http"].routing_map().bind_to_environ(request.httprequest.environ)
        allowed = []
        for method in _METHODS:
            try:
                rule, _args = adapter.match(path, method=method, return_rule=True)
            except (NotFound, MethodNotAllowed):
                continue
            if not rule.endpoint.routing.get("pinbu_catch_all"):
                allowed.append(method)
        return allowed

    # === AUTHENTICATION === #

    @classmethod
    def _authenticate(cls, endpoint):
        """The API does not look at the cookie session, not even to check it.

        Errors go to the API's dispatcher as they are; Odoo would turn a lost connection into
        "access denied", which logs a shopper out.
        """
        if endpoint.routing["type"] != "pinbu":
            return super()._authenticate(endpoint)
        if request.httprequest.method == "OPTIONS":
            return cls._auth_method_pinbu_anyone()  # it only asks for the verbs
        request.dispatcher.check_address()
        return getattr(cls, f"_auth_method_{endpoint.routing['auth']}")()

    @classmethod
    def _auth_method_pinbu_shopper(cls):
        """The shopper of the bearer token, or 401."""
        cls._pinbu_set_user(cls._pinbu_token_user())

    @classmethod
    def _auth_method_pinbu_public(cls):
        """The shopper of the bearer token if there is one, else the public user."""
        if "Authorization" in request.httprequest.headers:
            cls._pinbu_set_user(cls._pinbu_token_user())
        else:
            cls._auth_method_pinbu_anyone()

    @classmethod
    def _auth_method_pinbu_anyone(cls):
        """The public user, even with a token: logging in works with an old token at hand."""
        cls._pinbu_set_user(request.env["ir.http"]._get_public_users()[0])

    @classmethod
    def _pinbu_claims(cls):
        """:return: the ``tokens.Claims`` of the request's bearer token, or None"""
        scheme, _space, token = request.httprequest.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return tokens.read(request.env, token.strip())

    @classmethod
    def _pinbu_token_user(cls):
        claims = cls._pinbu_claims()
        env = request.env
        company = cls._pinbu_company()
        if claims and env["pinbu.api.revocation"].sudo()._is_valid(claims, company):
            env["res.users"].sudo().browse(claims.user_id)._remember_company(company)
            return claims.user_id
        lang = language.choose(env, request.httprequest.accept_languages)
        env = env(context={"lang": lang})
        raise PinbuError("unauthenticated", env._("Please log in again."))

    @classmethod
    def _pinbu_set_user(cls, user_id):
        """Act as this user, in the company of the host and the language of the request; the
        client's address is in the context, for those who judge by it."""
        lang = language.choose(request.env, request.httprequest.accept_languages)
        request.update_env(user=user_id, context={"lang": lang}, su=False)
        company = cls._pinbu_company()
        request.update_context(
            allowed_company_ids=company.ids, pinbu_address=request.httprequest.remote_addr
        )

    @classmethod
    def _pinbu_company(cls):
        """:return: whose shop this host is; a host that nobody has set is the public user's"""
        companies = request.env["res.company"]
        company_id = companies._pinbu_by_host().get(render.request_host())
        return companies.browse(company_id or cls._pinbu_main_company_id())

    @classmethod
    def _pinbu_main_company_id(cls):
        public_user_id = request.env["ir.http"]._get_public_users()[0]
        return request.env["ir.http"]._pinbu_company_id(public_user_id)

    @api.model
    @tools.ormcache("user_id")
    def _pinbu_company_id(self, user_id):
        # A user that gets another company clears the cache.
        return self.env["res.users"].sudo().browse(user_id).company_id.id
