"""Addresses of pictures that whoever visits the shop may see."""

from . import render


def urls(records, folder):
    """Public addresses of the pictures of these records; each changes with its picture.

    :param records: of a model with Odoo's image fields
    :param str folder: below ``/pinbu/api/v1/images``, where a route serves them
    :return: ``{id: url}`` of those that have one, in the order of the records
    """
    found = (
        records.env["ir.attachment"]
        .sudo()
        .search_fetch(
            [
                ("res_model", "=", records._name),
                ("res_field", "=", "image_128"),
                ("res_id", "in", records.ids),
            ],
            ["res_id", "checksum"],
        )
    )
    marks = {image.res_id: image.checksum[:12] for image in found}
    base = render.absolute(records.env, f"/pinbu/api/v1/images/{folder}")
    return {id_: f"{base}/{id_}?v={marks[id_]}" for id_ in records.ids if id_ in marks}
