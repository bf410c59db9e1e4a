"""The decorator of every API route."""

from odoo.http import request, route

from . import (
    dispatcher,  # noqa: F401  it registers the routing type
    uploads,
)

BASE = "/pinbu/api/v1"
READS = frozenset({"GET", "HEAD"})


def _is_anonymous(_controller, _rule, _args):
    return "Authorization" not in request.httprequest.headers


# What a replica may serve, which lags behind: shoppers read what they have just paid or changed.
_READONLY = {"pinbu_anyone": True, "pinbu_public": _is_anonymous}


def api_route(
    path,
    *,
    methods,
    auth="pinbu_shopper",
    body=None,
    query=None,
    reply=None,
    errors=(),
    idempotency="optional",
    max_file=0,
    limit=...,
    readonly=...,
    **routing,
):
    """A route below ``/pinbu/api/v1``; the package's docstring says what a method gets and gives.

    :param str path: as in ``odoo.http.route``, from the version on
    :param list methods: the HTTP verbs
    :param str auth: ``pinbu_shopper``, ``pinbu_public`` or ``pinbu_anyone``
    :param body: the pydantic model of the JSON body, passed as ``body``; or the media type of one
                 file (``image/*``), sent as it is or in a form, passed as bytes
    :param query: the pydantic model of the query string, passed as ``query``
    :param reply: what is answered: a model of ``shapes`` (status 200), None (status 204), or a dict
                  of status and model where it is another, or one of several. A string is the
                  media type of an answer that is not JSON
    :param errors: the codes that the route's own models may raise; those that follow from its
                   authentication, body, query, path and idempotency are known
    :param idempotency: ``required``, ``optional`` or None; writes only
    :param int max_file: in bytes, where the body is a file
    :param limit: which limits count its calls (``limits.DEFAULTS``): ``read``, ``write``, ``login``
                  or ``money``, or None. By default ``read`` for what only reads, else ``write``
    :param readonly: whether a replica may serve it; by default reads that depend on nobody's token
    """
    reads = READS.issuperset(methods)
    if max_file:
        routing["max_content_length"] = max_file + uploads.ENVELOPE
    return route(
        BASE + path,
        type="pinbu",
        auth=auth,
        methods=methods,
        csrf=False,
        save_session=False,
        readonly=_READONLY.get(auth, False) if reads and readonly is ... else readonly is True,
        pinbu_body=body,
        pinbu_max_file=max_file,
        pinbu_query=query,
        pinbu_reply=reply if isinstance(reply, dict) else {200 if reply else 204: reply},
        pinbu_errors=frozenset(errors),
        pinbu_idempotency=None if reads else idempotency,
        pinbu_limit=("read" if reads else "write") if limit is ... else limit,
        **routing,
    )
