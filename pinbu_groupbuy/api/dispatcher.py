"""How a request of the API is read and answered: one envelope, whatever goes wrong."""

import hashlib
import json
import logging
import math
import re
import uuid
from dataclasses import dataclass
from http import HTTPStatus

import psycopg2
from psycopg2 import errors as pg_errors
from psycopg2.pool import PoolError
from werkzeug.exceptions import HTTPException, NotFound

from odoo import http
from odoo.exceptions import (
    AccessDenied,
    AccessError,
    ConcurrencyError,
    MissingError,
    ValidationError,
)
from odoo.http import Response
from odoo.tools.translate import LazyTranslate

from ..const import ERROR_STATUS
from ..exceptions import PinbuError
from . import language, limits, live, render, schemas, uploads

_logger = logging.getLogger(__name__)
_lt = LazyTranslate(__name__)

JSON = "application/json; charset=utf-8"
MAX_BODY = 64 * 1024
MAX_DEPTH = 16
# A proxy answers whoever asks in the same second.
PUBLIC = "public, max-age=1, s-maxage=1"
MAX_KEY = 64
MAX_INT4 = 2**31 - 1

# What a shopper reads where no model had a better sentence.
MESSAGES = {
    "invalid_request": _lt("The request is not valid."),
    "unauthenticated": _lt("Please log in again."),
    "forbidden": _lt("You may not do this."),
    "not_found": _lt("This does not exist (any more)."),
    "method_not_allowed": _lt("This cannot be done here."),
    "payload_too_large": _lt("This is too large."),
    "unsupported_media_type": _lt("Please send JSON."),
    "idempotency_mismatch": _lt("This request key was used for something else before."),
    "in_progress": _lt("The same request is still being worked on."),
    "rate_limited": _lt("Too many requests. Please wait a moment."),
    "internal_error": _lt("Something went wrong on our side. Please try again later."),
    "busy": _lt("The shop is very busy. Please try again in a moment."),
}

# Answers that a repeated key must not get again: the next try may well succeed.
_NOT_KEPT = {"unauthenticated", "login_failed", "rate_limited", "in_progress"}

_HTTP_CODES = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "busy",
}

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass
class Reply:
    """An answer that is more than a dict with status 200."""

    data: dict | None
    status: int = 200
    # Who has the answer already gets a 304. Pages with a server_time are `live.Reading`s.
    etag: bool = False


class PinbuDispatcher(http.Dispatcher):
    """Routes of ``type="pinbu"``; see the package's docstring."""

    routing_type = "pinbu"
    mimetypes = ("application/json",)

    def __init__(self, request):
        super().__init__(request)
        self.claim = None  # the row in pinbu.api.idempotency that this request owns
        self.routing = {}
        self.counted = set()  # which limits this request was counted for, however often repeated
        self.alive = True  # whether the database can still be asked
        self.lang = None
        wanted = request.httprequest.headers.get("X-Request-Id", "")
        self.request_id = wanted if _REQUEST_ID.fullmatch(wanted) else uuid.uuid4().hex

    @classmethod
    def is_compatible_with(cls, request):
        # Else Odoo answers in HTML; `dispatch` refuses a wrong content type in JSON.
        return True

    # === REQUEST === #

    def pre_dispatch(self, rule, args):
        super().pre_dispatch(rule, args)
        # The API has no cookie session, whatever a route says.
        self.request.session.can_save = False
        self.routing = rule.endpoint.routing
        limit = self.routing.get("max_content_length", MAX_BODY)
        self.request.httprequest.max_content_length = limit

    def dispatch(self, endpoint, args):
        self.routing = endpoint.routing
        self.request.params = {}  # other modules look into it, whatever we answer
        if self.request.httprequest.method == "OPTIONS":
            # Odoo lets OPTIONS through to every endpoint; ours would act on it.
            allowed = ", ".join(["OPTIONS", *(self.routing["methods"] or [])])
            return self._finish(Response(status=204, headers={"Allow": allowed}))
        self._check_limit()
        self._check_path(args)
        params = dict(args)
        model = self.routing.get("pinbu_body")
        is_file = isinstance(model, str)
        body = self._read_file(model) if is_file else self._read_body()
        if self.routing.get("pinbu_idempotency"):
            sent = {"sha256": hashlib.sha256(body).hexdigest()} if is_file else body
            kept = self._claim(args, sent)
            if kept:
                return self._finish(kept)
        env = self.request.env
        if model:
            params["body"] = body if is_file else schemas.parse(env, model, body)
        if model := self.routing.get("pinbu_query"):
            values = self.request.httprequest.args.to_dict()
            self._check_text(values)
            params["query"] = schemas.parse(env, model, values)
        self.request.params = params
        result = self.request.registry["ir.http"]._dispatch(endpoint)
        if isinstance(result, Response):
            return self._finish(result)
        if isinstance(result, live.Reading):
            return self._finish(self._render_live(result))
        reply = result
        if not isinstance(reply, Reply):
            reply = Reply(result, status=204 if result is None else 200)
        reply.data = self._shape(reply)
        response = self._render(reply)
        if self.claim:
            # In the transaction of the effect: both are there, or neither.
            self.claim.keep(self.request.env.cr, response.status_code, _text(reply.data))
        return self._finish(response)

    def check_address(self):
        """Called before it is known who calls.

        :raise PinbuError: ``rate_limited``
        """
        if "address" not in self.counted:
            self.counted.add("address")
            address = self.request.httprequest.remote_addr
            self._refuse_for(limits.check_address(self.request.env, address))

    def _check_limit(self):
        kind = self.routing.get("pinbu_limit")
        if kind and "caller" not in self.counted:
            self.counted.add("caller")
            env = self.request.env
            user_id = None if env.user._is_public() else env.uid
            address = self.request.httprequest.remote_addr
            self._refuse_for(limits.check_caller(env, kind, user_id, address))

    def _refuse_for(self, seconds):
        if seconds:
            raise self._error("rate_limited", {"retry_after": max(math.ceil(seconds), 1)})

    def _shape(self, reply):
        """:return: what the route's model makes of the answer; what it does not name is not sent"""
        model = self.routing.get("pinbu_reply", {}).get(reply.status)
        if not model:
            return reply.data
        # What the controller left out stays out; what it gave as None is null.
        return model.model_validate(reply.data).model_dump(exclude_unset=True)

    def _check_path(self, args):
        for value in args.values():
            if isinstance(value, int) and not 0 < value <= MAX_INT4:
                raise NotFound
            if isinstance(value, str) and _unstorable(value):
                raise NotFound

    def _read_file(self, media_type):
        """:return: the bytes of the one file that was sent"""
        httprequest = self.request.httprequest
        # Read once, so that Odoo can repeat the request; a form is then parsed from this copy.
        self._check_whole(httprequest.get_data())
        return uploads.read(httprequest, media_type, self.routing["pinbu_max_file"])

    def _check_whole(self, raw):
        httprequest = self.request.httprequest
        if httprequest.content_length is None and len(raw) >= httprequest.max_content_length:
            # Sent in chunks: werkzeug stops reading there and says nothing.
            raise PinbuError("payload_too_large", self._message("payload_too_large"))

    def _read_body(self):
        """:return: the JSON object that was sent; empty for an empty body"""
        httprequest = self.request.httprequest
        if httprequest.method not in ("POST", "PUT", "PATCH", "DELETE"):
            return {}
        raw = httprequest.get_data()
        if not raw:
            return {}
        self._check_whole(raw)
        if httprequest.mimetype != "application/json":
            raise PinbuError("unsupported_media_type", self._message("unsupported_media_type"))
        try:
            body = json.loads(raw.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise self._invalid("body", _lt("is not a JSON object"))
        self._check_text(body)
        return body

    def _check_text(self, value):
        """What PostgreSQL cannot store, and nesting that no request of ours needs, ends here."""
        pending = [(value, 1, "body")]
        while pending:
            value, depth, field = pending.pop()
            if depth > MAX_DEPTH:
                raise self._invalid("body", _lt("is nested too deeply"))
            if isinstance(value, str):
                if _unstorable(value):
                    raise self._invalid(field, _lt("has characters that are not allowed"))
            elif isinstance(value, dict):
                for key, item in value.items():
                    if _unstorable(key):
                        raise self._invalid("body", _lt("has characters that are not allowed"))
                    pending.append((item, depth + 1, key))
            elif isinstance(value, list):
                pending.extend((item, depth + 1, field) for item in value)

    def _invalid(self, field, problem):
        details = [{"field": field, "problem": self._translate(problem)}]
        return PinbuError("invalid_request", self._message("invalid_request"), details)

    def _claim(self, args, body):
        """Take the request's key.

        :return: the Response that was kept for it, or None when the work is ours to do
        :raise PinbuError: ``idempotency_mismatch``, ``in_progress``, or ``invalid_request``
        """
        key = self.request.httprequest.headers.get("Idempotency-Key")
        if key is None and self.routing["pinbu_idempotency"] == "optional":
            return None
        if not key or len(key) > MAX_KEY or _unstorable(key):
            raise self._invalid("Idempotency-Key", _lt("is needed, with 1 to 64 characters"))
        if self.claim:
            return None  # Odoo repeats this request after a serialization failure
        env = self.request.env
        route = f"{self.request.httprequest.method} {self.routing['routes'][0]}"
        if args:
            route += f" {json.dumps(args, sort_keys=True)}"
        claim = env["pinbu.api.idempotency"].sudo()._claim(env.uid, route, key, body)
        if claim.status:
            response = self._json(claim.answer, claim.status)
            response.headers["Idempotent-Replayed"] = "true"
            return response
        self.claim = claim
        # The claim is committed; a fresh snapshot must see it. Nothing is written before this.
        env.cr.commit()
        return None

    # === ANSWER === #

    def _render(self, reply):
        if reply.data is None:
            return Response(status=reply.status)
        text = _text(reply.data)
        if not reply.etag:
            return self._json(text, reply.status)
        etag = hashlib.sha256(text.encode()).hexdigest()[:32]
        return self._unless_known(etag, lambda: self._json(text, reply.status))

    def _render_live(self, reading):
        answer = reading.answer
        server_time = render.to_iso(reading.now)
        return self._unless_known(
            answer.etag, lambda: Response(answer.body(server_time), content_type=JSON)
        )

    def _unless_known(self, etag, respond):
        """:return: what `respond` makes, or a 304 for who has it already"""
        if self.request.httprequest.if_none_match.contains_weak(etag):
            response = Response(status=304)
        else:
            response = respond()
        response.set_etag(etag, weak=True)
        return response

    def _json(self, text, status):
        if not text:
            return Response(status=status)
        return Response(text.encode(), status=status, content_type=JSON)

    def _finish(self, response):
        """Headers that every answer carries."""
        headers = response.headers
        headers["X-Request-Id"] = self.request_id
        if response.status_code in (204, 304):
            headers.pop("Content-Type", None)
            headers.pop("Content-Length", None)
        if response.status_code >= 400 or self.routing.get("auth") == "pinbu_anyone":
            headers.setdefault("Cache-Control", "no-store")
        elif self.routing.get("auth") == "pinbu_public":
            known = "Authorization" in self.request.httprequest.headers
            shared = not known and render.is_own_host(self.request.env)
            headers.setdefault("Cache-Control", PUBLIC if shared else "private")
            headers.setdefault("Vary", "Authorization, Accept-Language")
        else:
            headers.setdefault("Cache-Control", "private, no-store")
            headers.setdefault("Vary", "Authorization, Accept-Language")
        return response

    # === ERRORS === #

    def handle_error(self, exc):
        """Called once Odoo has given up on repeating the request; never raises."""
        try:
            try:
                self.request.env.cr.rollback()
            except (psycopg2.Error, AttributeError):
                self.alive = False  # no connection (any more)
            error = self._understand(exc)
            self._settle_claim(error)
            response = self._error_response(error, exc)
        except Exception:
            _logger.exception("The API could not render its error")
            body = {"error": {"code": "internal_error", "message": "Sorry.", "details": {}}}
            response = Response(json.dumps(body), status=500, content_type="application/json")
        return self._finish(response)

    def _understand(self, exc):
        """:return: the PinbuError that the client is told of `exc`"""
        if isinstance(exc, PinbuError):
            # Expected: no warning in the log for each sold-out click.
            exc.loglevel = logging.INFO
            return exc
        if isinstance(exc, AccessError | MissingError):
            return self._error("not_found")
        if isinstance(exc, AccessDenied | http.SessionExpiredException):
            return self._error("unauthenticated")
        if isinstance(exc, HTTPException) and (exc.code or 500) < 500:
            return self._error(_HTTP_CODES.get(exc.code, "invalid_request"))
        if self._is_busy(exc):
            _logger.warning(
                "Request %s gave up: %s",
                self.request_id,
                type(exc).__name__,
                exc_info=exc.__cause__,
            )
            exc.loglevel = logging.DEBUG
            return self._error("busy")
        error_id = uuid.uuid4().hex[:12]
        _logger.error(
            "Internal error %s in request %s (%s %s)",
            error_id,
            self.request_id,
            self.request.httprequest.method,
            self.request.httprequest.path,
            exc_info=exc,
        )
        exc.loglevel = logging.DEBUG  # once is enough
        return self._error("internal_error", {"id": error_id})

    @staticmethod
    def _is_busy(exc):
        if isinstance(exc, HTTPException):
            return exc.code == HTTPStatus.SERVICE_UNAVAILABLE
        if isinstance(exc, ValidationError) and isinstance(
            exc.__cause__, pg_errors.UniqueViolation
        ):
            # Odoo's wording of a race that the other request won; a repetition finds its result.
            return True
        return isinstance(
            exc,
            psycopg2.OperationalError
            | psycopg2.InterfaceError
            | PoolError
            | ConcurrencyError
            | http.RegistryError,
        )

    def _error_response(self, error, exc):
        envelope = {
            "error": {"code": error.code, "message": error.message, "details": error.details}
        }
        response = self._json(_text(envelope), ERROR_STATUS.get(error.code, 400))
        if error.code in ("busy", "in_progress"):
            response.headers["Retry-After"] = "1"
        elif error.code == "rate_limited":
            response.headers["Retry-After"] = str((error.details or {}).get("retry_after", 60))
        elif error.code == "unauthenticated":
            response.headers["WWW-Authenticate"] = "Bearer"
        elif error.code == "method_not_allowed" and getattr(exc, "valid_methods", None):
            response.headers["Allow"] = ", ".join(exc.valid_methods)
        return response

    def _settle_claim(self, error):
        """A refusal is kept for the key; after a failure of ours the key is free again."""
        if not self.claim or not self.alive:
            return
        env = self.request.env
        status = ERROR_STATUS.get(error.code, 400)
        try:
            if status >= 500 or error.code in _NOT_KEPT:
                self.claim.release(env)
            else:
                answer = self._error_response(error, error).get_data(as_text=True)
                self.claim.keep_refusal(env, status, answer)
            env.cr.commit()
        except psycopg2.Error:
            # The row stays "in progress"; a repetition takes it over after a minute.
            _logger.warning("The idempotency key of request %s stays taken", self.request_id)
            env.cr.rollback()

    def _error(self, code, details=None):
        return PinbuError(code, self._message(code), details)

    def _message(self, code):
        return self._translate(MESSAGES[code])

    def _translate(self, term):
        # Errors also come before authentication has set the language, and after the connection
        # was lost; the translations of code need no database.
        return term._translate(self._lang())

    def _lang(self):
        if not self.lang:
            if not self.alive or self.request.env is None:
                return language.DEFAULT
            accepted = self.request.httprequest.accept_languages
            self.lang = language.choose(self.request.env, accepted)
        return self.lang


def _refuse_constant(name):
    raise ValueError(name)  # NaN and Infinity are not JSON


def _unstorable(text):
    return "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text)


def _text(data):
    return "" if data is None else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
