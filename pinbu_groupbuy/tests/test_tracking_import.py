import base64
import io

import xlsxwriter

from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, tagged

from ..tracking_file import FileError, read_rows
from .test_warehouse import WarehouseCase


def xlsx(*rows):
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return target.getvalue()


@tagged("post_install", "-at_install")
class TestTrackingFile(TransactionCase):
    """Files as carriers give them."""

    def refusal(self, content):
        with self.assertRaises(FileError) as caught:
            read_rows(content)
        return caught.exception.code

    def test_the_same_in_all_clothes(self):
        expected = [(2, {"reference": "S1", "tracking": "SF123", "carrier": "顺丰"})]
        text = "订单号,快递单号,快递公司\nS1,SF123,顺丰\n"
        for content in (
            text.encode(),
            text.encode("utf-8-sig"),
            text.encode("gb18030"),
            text.replace(",", "\t").encode("utf-16"),
            text.replace(",", "\t").replace("\n", "\r\n").encode(),
            b"Carrier;Tracking Number;Order number\n\xe9\xa1\xba\xe4\xb8\xb0;SF123;S1\n",
            xlsx(["Source Document", "Tracking Reference", "Carrier"], ["S1", "SF123", "顺丰"]),
        ):
            self.assertEqual(read_rows(content), expected, content)

    def test_numbers_of_spreadsheets(self):
        rows = read_rows(
            xlsx(["order", "tracking"], ["S1", 75312345678], ["S2", 753123456789012345], [], [3, 4])
        )
        self.assertEqual([row["tracking"] for _number, row in rows], ["75312345678", None, "4"])
        self.assertEqual([number for number, _row in rows], [2, 3, 5])
        [[_number, row]] = read_rows(b'order,tracking\nS1,"=""00123456"""\n')
        self.assertEqual(row["tracking"], "00123456")
        [[_number, row]] = read_rows(b"order,tracking\nS1,7.53123E+14\n")
        self.assertIsNone(row["tracking"])

    def test_what_is_none(self):
        self.assertEqual(self.refusal(b"name,phone\nA,1\n"), "columns")
        self.assertEqual(self.refusal(b"order,tracking\n"), "empty")
        self.assertEqual(self.refusal(b""), "empty")
        self.assertEqual(self.refusal(b"PK\x03\x04 broken"), "type")
        self.assertEqual(self.refusal(b"\x00\x01\x02"), "type")
        self.assertEqual(self.refusal(b"\xff\xff\xff"), "type")
        self.assertEqual(self.refusal(b"order,tracking\n" + b"S1,SF12345\n" * 5001), "rows")
        self.assertEqual(self.refusal(b"x" * (6 * 2**20)), "size")


@tagged("post_install", "-at_install")
class TestTrackingImport(WarehouseCase):
    def setUp(self):
        super().setUp()
        self.orders = self.form_team("won").order_ids.sorted("id")
        self.pickings = self.orders.picking_ids.with_user(self.clerk).sorted("id")
        fee = self.env["product.product"].create({"name": "Delivery", "type": "service"})
        self.carrier = self.env["delivery.carrier"].create(
            {"name": "Swift Crane", "product_id": fee.id}
        )

    def wizard(self, *rows, user=None, **values):
        wizards = self.env["pinbu.tracking.import"].with_user(user or self.clerk)
        content = xlsx(["Order", "Tracking number", "Carrier"], *rows)
        return wizards.create({"file": base64.b64encode(content), **values})

    def errors(self, wizard):
        wizard.action_check()
        return [bool(line.error) for line in wizard.line_ids.sorted("number")]

    def test_numbers_by_order_and_by_delivery(self):
        wizard = self.wizard(
            [self.orders[0].name, "SF10001", "swift crane"], [self.pickings[1].name, 10002]
        )
        self.assertEqual(self.errors(wizard), [False, False])
        self.assertFalse(self.pickings[0].carrier_tracking_ref)
        wizard.action_import()
        self.assertEqual(self.pickings.mapped("carrier_tracking_ref"), ["SF10001", "10002", False])
        self.assertEqual(self.pickings[0].carrier_id, self.carrier)
        # What the shopper's page shows is the very same.
        self.assertEqual(self.orders[0].picking_ids.carrier_tracking_ref, "SF10001")

    def test_broken_rows_stop_no_others(self):
        seat = self.join(self.shopper("waiting"))
        self.run_schedulers()
        waiting = seat.order_id.picking_ids
        self.pickings[2].carrier_tracking_ref = "OLD123"
        wizard = self.wizard(
            [self.orders[0].name, "SF10001"],
            [self.pickings[0].name, "SF10009"],
            ["no such order", "SF10002"],
            [waiting.name, "SF10003"],
            [self.orders[1].name, "四五六七八九"],
            [self.orders[1].name, ""],
            [self.orders[1].name, "SF10004", "unknown carrier"],
            ["", "SF10005"],
            [self.orders[2].name, "NEW123"],
            [self.orders[1].name, "SF10006 SF10007"],
        )
        self.assertEqual(self.errors(wizard), [False, *[True] * 8, False])
        self.assertEqual((wizard.good_count, wizard.bad_count), (2, 8))
        # What needs the clerk stands on top.
        rows = wizard.line_ids.search([("wizard_id", "=", wizard.id)])
        self.assertEqual(rows.mapped("is_bad"), [True] * 8 + [False] * 2)
        wizard.action_import()
        self.assertEqual(
            self.pickings.mapped("carrier_tracking_ref"), ["SF10001", "SF10006,SF10007", "OLD123"]
        )
        self.assertFalse(waiting.carrier_tracking_ref)
        # The same file once more changes nothing, and finds nothing new to object to.
        self.assertEqual(self.errors(wizard), [False, *[True] * 8, False])

    def test_replacing_is_asked_for(self):
        self.pickings[0].carrier_tracking_ref = "OLD123"
        wizard = self.wizard(
            [self.orders[0].name, "NEW123"], is_replacing=True, carrier_id=self.carrier.id
        )
        wizard.action_import()
        self.assertEqual(self.pickings[0].carrier_tracking_ref, "NEW123")
        self.assertEqual(self.pickings[0].carrier_id, self.carrier)

    def test_an_order_of_several_deliveries(self):
        order = self.join(
            self.shopper("many"), activity=self.make_activity(max_quantity=5, size=2), quantity=2
        ).order_id
        self.join(self.shopper("other"), order.seat_ids.team_id)
        self.run_schedulers()
        picking = order.picking_ids.with_user(self.clerk)
        picking.move_ids.write({"quantity": 1, "picked": True})
        wizard = picking.button_validate()
        self.env["stock.backorder.confirmation"].with_user(self.clerk).with_context(
            **wizard["context"]
        ).create({}).process()
        # Of one that has left and one that has not, the number is for the first.
        self.wizard([order.name, "SF10001"]).action_import()
        self.assertEqual(picking.carrier_tracking_ref, "SF10001")
        backorder = picking.backorder_ids
        backorder.button_validate()
        self.wizard([order.name, "SF10002"]).action_import()
        self.assertEqual(backorder.carrier_tracking_ref, "SF10002")
        self.assertEqual(self.errors(self.wizard([order.name, "SF10003"])), [True])

    def test_file_to_fill_in(self):
        """What the clerk downloads, filled in, is what the clerk uploads."""
        self.pickings[:2].carrier_id = self.carrier
        self.pickings[0].carrier_tracking_ref = "SF1"
        wizard = self.env["pinbu.tracking.import"].with_user(self.clerk).create({})
        self.assertIn(f"/{wizard.id}/template/", wizard.action_template()["url"])
        rows = read_rows(base64.b64decode(wizard.template))
        told = {row["reference"] for _number, row in rows}
        self.assertIn(self.pickings[1].name, told)
        self.assertNotIn(self.pickings[0].name, told)
        # Nobody sends what is picked up.
        self.assertTrue(self.pickings[2].pinbu_is_pickup)
        self.assertNotIn(self.pickings[2].name, told)

    def test_clerks_only(self):
        with self.assertRaises(AccessError):
            self.wizard([self.orders[0].name, "SF10001"], user=self.marketing)

    def test_other_companies_deliveries(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.pickings.sudo().invalidate_recordset()
        self.env.cr.execute(
            "UPDATE stock_picking SET company_id = %s WHERE id = %s",
            [other.id, self.pickings[0].id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.errors(self.wizard([self.orders[0].name, "SF10001"])), [True])
