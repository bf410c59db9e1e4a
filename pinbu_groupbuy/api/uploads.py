"""Bodies that are not JSON: one file, sent as it is or as a form's."""

from fnmatch import fnmatch

from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

# What a form needs around its file.
ENVELOPE = 4 * 1024


def read(httprequest, media_type, limit):
    """The file of a request: the whole body, or the first file of a form.

    A mini-program's ``wx.uploadFile`` can only send forms.

    :param str media_type: what may come, such as ``image/*``
    :param int limit: in bytes
    :rtype: bytes
    :raise HTTPException: 413, 415
    """
    if httprequest.mimetype == "multipart/form-data":
        file = next(iter(httprequest.files.values()), None)
        mimetype, data = (file.mimetype, file.read()) if file else ("", b"")
    else:
        mimetype, data = httprequest.mimetype, httprequest.get_data()
    if not fnmatch(mimetype, media_type):
        raise UnsupportedMediaType
    if len(data) > limit:
        raise RequestEntityTooLarge
    return data
