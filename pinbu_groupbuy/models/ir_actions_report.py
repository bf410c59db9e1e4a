import lxml.html
from lxml import etree

from odoo import api, models

from odoo.addons.base.models.ir_actions_report import _wkhtml

# Millimetres around pages whose header stands in the text.
MARGIN = 12
# Web fonts are drawn rather than written by such a build: no text to search, ten times the size.
STYLE = """
.header, .article, .footer {
    font-family: "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Zen Hei", sans-serif !important;
}
.pinbu_margins { padding: 0 !important; }
.pinbu_document { page-break-before: always; }
"""


class IrActionsReport(models.Model):
    """Prints as well as it can with a wkhtmltopdf that is built without patched Qt, as Debian's is.

    Such a build refuses to print several documents at once and leaves headers and footers out. It
    gets one document instead, in which each begins on a page of its own, below its header.
    """

    _inherit = "ir.actions.report"

    @api.model
    def _build_wkhtmltopdf_args(
        self, paperformat_id, landscape, specific_paperformat_args=None, set_viewport_size=False
    ):
        words = super()._build_wkhtmltopdf_args(
            paperformat_id, landscape, specific_paperformat_args, set_viewport_size
        )
        margin = (specific_paperformat_args or {}).get("pinbu-margin-sides")
        # The last one counts.
        return [*words, "--margin-left", margin, "--margin-right", margin] if margin else words

    @api.model
    def _run_wkhtmltopdf(
        self,
        bodies,
        report_ref=False,
        header=None,
        footer=None,
        landscape=False,
        specific_paperformat_args=None,
        set_viewport_size=False,
    ):
        if all(bodies) and not _wkhtml().is_patched_qt:
            bodies, margins = self._pinbu_join(bodies, header, footer)
            specific_paperformat_args = {**(specific_paperformat_args or {}), **margins}
            header = footer = None
        return super()._run_wkhtmltopdf(
            bodies,
            report_ref=report_ref,
            header=header,
            footer=footer,
            landscape=landscape,
            specific_paperformat_args=specific_paperformat_args,
            set_viewport_size=set_viewport_size,
        )

    @api.model
    def _pinbu_join(self, bodies, header, footer):
        """Make one document of several.

        :param list bodies: as `_prepare_html` makes them, one for each record
        :param str header: with the headers of all, as `_prepare_html` makes it; ``footer`` likewise
        :return: a list of that document alone, and what it changes of the paper format
        :rtype: tuple(list, dict)
        """
        trees = [_parse(body) for body in bodies]
        headers = _parts(header, "minimal_layout_report_headers")
        footers = _parts(footer, "minimal_layout_report_footers")
        margins = {}
        if len(headers) == len(bodies):
            for tree, part in zip(trees, headers, strict=True):
                tree.body.insert(0, part)
            margins["data-report-margin-top"] = margins["data-report-margin-bottom"] = str(MARGIN)
        if len(footers) == len(bodies):
            for tree, part in zip(trees, footers, strict=True):
                if part.text_content().strip():
                    tree.body.append(part)
        first, *others = trees
        if "o_css_margins" in first.body.classes:
            # With margins of its own it cuts lines in two where a page ends.
            first.body.classes.add("pinbu_margins")
            margins["pinbu-margin-sides"] = str(MARGIN)
        for tree in others:
            document = etree.SubElement(first.body, "div", {"class": "pinbu_document"})
            document.extend(tree.body)
        etree.SubElement(first.head, "style").text = STYLE
        return [lxml.html.tostring(first, encoding="unicode", doctype="<!DOCTYPE html>")], margins


def _parse(html):
    return lxml.html.document_fromstring(
        html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8")
    )


def _parts(layout, html_id):
    """:return: the headers or footers of a print, one for each document, without page numbers"""
    found = _parse(layout).xpath(f"//*[@id='{html_id}']/*") if layout else []
    for part in found:
        # "Page 1 / 2" is filled in by patched builds only.
        for number in part.find_class("page"):
            number.getparent().drop_tree()
    return found
