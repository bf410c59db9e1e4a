import json

from odoo import http
from odoo.http import Response, request, route

from ..api import api_route, language
from ..api.openapi_page import page

FIVE_MINUTES = 300
# Nothing comes from another host.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'"
)
_LANGS = {"zh": "zh_CN", "en": "en_US"}


class OpenapiController(http.Controller):
    @api_route("/openapi.json", methods=["GET"], auth="pinbu_anyone", reply="application/json")
    def openapi(self):
        """This document."""
        text = request.env["pinbu.api.document"].sudo()._text(request.env.lang)
        response = Response(text, content_type="application/json; charset=utf-8")
        response.headers["Cache-Control"] = f"public, max-age={FIVE_MINUTES}"
        response.headers["Vary"] = "Accept-Language"
        response.add_etag()
        return response.make_conditional(request.httprequest.environ)

    @route(
        "/pinbu/api/docs",
        type="http",
        auth="public",
        methods=["GET"],
        save_session=False,
        readonly=True,
        sitemap=False,
    )
    def docs(self, lang=None):
        """The document as a page for people, in Chinese or English."""
        installed = {code for code, _name in request.env["res.lang"].sudo().get_installed()}
        chosen = _LANGS.get(lang)
        if chosen not in installed:
            chosen = language.choose(request.env, request.httprequest.accept_languages)
        request.update_context(lang=chosen)
        document = json.loads(request.env["pinbu.api.document"].sudo()._text(chosen))
        html = (
            request.env["ir.qweb"]
            .sudo()
            ._render(
                "pinbu_groupbuy.api_docs",
                {**page(document), "reader_lang": chosen.replace("_", "-")},
            )
        )
        return request.make_response(
            f"<!DOCTYPE html>\n{html}",
            [
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Security-Policy", _POLICY),
                ("Cache-Control", f"public, max-age={FIVE_MINUTES}"),
                ("Vary", "Accept-Language"),
            ],
        )
