"""Bearer tokens: signed, so that a read needs no table; the database holds revocations only."""

import uuid
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from odoo.tools.misc import hash_sign, verify_hash_signed

SCOPE = "pinbu.api.session"
LIFETIME = timedelta(days=30)
# A token is about 170 characters; nothing longer is worth decoding.
MAX_LENGTH = 512


class Claims(NamedTuple):
    """What a valid token says."""

    user_id: int
    jti: str
    expires_at: datetime  # naive UTC


def issue(env, user):
    """:return: (token, its Claims) for the shopper's `user`"""
    expires_at = datetime.now(timezone.utc).replace(microsecond=0) + LIFETIME
    claims = Claims(user.id, uuid.uuid4().hex, expires_at.replace(tzinfo=None))
    message = [claims.user_id, claims.jti, int(expires_at.timestamp())]
    return hash_sign(env(su=True), SCOPE, message, expiration=expires_at), claims


def read(env, token):
    """:return: the Claims of a well-signed token that has not ended, else None"""
    if not token or len(token) > MAX_LENGTH:
        return None
    try:
        message = verify_hash_signed(env(su=True), SCOPE, token)
    except ValueError:
        return None  # not base64, not text, or of another version
    if not message:
        return None
    user_id, jti, expires = message
    return Claims(user_id, jti, datetime.fromtimestamp(expires, timezone.utc).replace(tzinfo=None))
