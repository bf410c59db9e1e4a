"""Shoppers' pictures: shown to others, so what they are called must not tell whose they are."""

import base64
import io
import secrets

from PIL import Image, ImageOps, UnidentifiedImageError

from odoo import api, fields, models

from ..api import render
from ..exceptions import PinbuError

MAX_AVATAR = 1024 * 1024
SIDE = 512
# A small file can unfold to pixels that fill a worker's memory.
MAX_PIXELS = 12_000_000
_BROKEN = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    SyntaxError,
    ValueError,
)
_FORMATS = ("JPEG", "PNG", "GIF")


class ResPartner(models.Model):
    _inherit = "res.partner"

    pinbu_avatar_mark = fields.Char(
        string="Mark of the Avatar",
        readonly=True,
        copy=False,
        help="Stands for the picture in its public address; new with each picture.",
    )

    _pinbu_avatar_mark_unique = models.UniqueIndex(
        "(pinbu_avatar_mark) WHERE pinbu_avatar_mark IS NOT NULL"
    )

    # === BUSINESS METHODS === #

    def _to_api_avatar_url(self):
        """:return: the address of this shopper's picture, or None; also for nobody"""
        mark = self.sudo().pinbu_avatar_mark
        return render.absolute(self.env, f"/pinbu/api/v1/images/avatars/{mark}") if mark else None

    @api.model
    def _api_find_avatar(self, mark):
        """:return: the shopper with this picture, with sudo; empty for an unknown or old mark"""
        return self.sudo().search([("pinbu_avatar_mark", "=", mark)]) if mark else self.browse()

    def _api_set_avatar(self, data):
        """Show this picture as the shopper's.

        :param bytes data: a JPEG, PNG or GIF
        :raise PinbuError: ``invalid_request``
        """
        self.ensure_one()
        self.sudo().with_context(mail_notrack=True, tracking_disable=True).write(
            {
                "image_1920": base64.b64encode(self._prepare_avatar(data)),
                "pinbu_avatar_mark": secrets.token_urlsafe(16),
            }
        )

    @api.model
    def _prepare_avatar(self, data):
        """:return: a square JPEG with nothing of the original beside its pixels: no place, no time
        :raise PinbuError: ``invalid_request``
        """
        try:
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            if image.width * image.height > MAX_PIXELS:
                raise self._no_avatar()
            image.draft("RGB", (SIDE, SIDE))  # a JPEG need not be unfolded whole
            image = ImageOps.fit(ImageOps.exif_transpose(image).convert("RGBA"), (SIDE, SIDE))
        except _BROKEN as error:
            raise self._no_avatar() from error
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image)
        out = io.BytesIO()
        flat.save(out, "JPEG", quality=88)
        return out.getvalue()

    def _no_avatar(self):
        problem = self.env._("is not a picture that can be shown")
        return PinbuError(
            "invalid_request",
            self.env._("This is no picture that we can show."),
            [{"field": "body", "problem": problem}],
        )
