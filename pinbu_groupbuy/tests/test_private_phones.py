from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, TransactionCase, new_test_user, tagged

from odoo.addons.mail.tools.discuss import Store

from ..private_phone import PrivatePhone

PHONE, MASKED = "13800138123", "138****8123"

# Every field that may hold somebody's phone, and why it may be read as it is.
OTHER_PHONES = {
    "base.document.layout.phone": "a company's own",
    "crm.team.member.phone": "a colleague's",
    "res.bank.phone": "a company's own",
    "res.company.phone": "a company's own",
    "res.company.pinbu_service_phone": "a company's own",
    "res.config.settings.pinbu_service_phone": "a company's own",
    "resource.resource.phone": "a colleague's",
    "res.partner.phone_mobile_search": "shows nothing; see _search_phone_mobile_search",
    "res.users.phone_mobile_search": "shows nothing; see _search_phone_mobile_search",
    "stock.picking.pinbu_phone": "what the warehouse needs, for the deliveries that may ship",
}


@tagged("post_install", "-at_install")
class TestPrivatePhones(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shopper = new_test_user(cls.env, "Ann", "base.group_portal")
        cls.ann = cls.shopper.partner_id
        cls.ann.write({"name": "Ann Quux", "phone": PHONE})
        cls.address = cls.env["res.partner"].create(
            {"name": "At Ann's", "parent_id": cls.ann.id, "type": "delivery", "phone": PHONE}
        )
        cls.firm = cls.env["res.partner"].create(
            {"name": "Quux Supplies", "is_company": True, "phone": "021-5555 0001"}
        )
        cls.seller = cls.env["res.partner"].create(
            {"name": "Their seller", "parent_id": cls.firm.id, "phone": "13900139321"}
        )
        cls.persons = cls.ann + cls.address
        cls.masked_for = [
            new_test_user(
                cls.env,
                "clerk",
                "stock.group_stock_user,base.group_partner_manager,base.group_allow_export",
            ),
            new_test_user(
                cls.env, "books", "account.group_account_invoice,base.group_allow_export"
            ),
            new_test_user(cls.env, "staff", "base.group_user,base.group_allow_export"),
        ]
        cls.clerk = cls.masked_for[0]
        cls.product = cls.env["product.product"].create({"name": "Snack", "type": "consu"})
        cls.sales = new_test_user(
            cls.env, "sales", "sales_team.group_sale_salesman,base.group_allow_export"
        )
        cls.env.flush_all()
        cls.env.invalidate_all()

    def everything_read(self, user):
        """:return: what each way out of the server says of Ann, as text"""
        partners = self.persons.with_user(user)
        model, domain = partners.browse(), [("id", "in", partners.ids)]
        phone = {"phone": {}, "phone_sanitized": {}}
        groups = "web_read_group"
        store = self.env["res.users"].with_user(user).browse(self.shopper.id)
        return {
            "read": partners.read(["phone", "phone_sanitized"]),
            "search_read": model.search_read(domain, ["phone"]),
            "web_read": partners.web_read(phone),
            "web_search_read": model.web_search_read(domain, phone),
            "export": partners.export_data(["phone", "child_ids/phone"]),
            "user": store.read(["phone", "phone_sanitized"]),
            "read_group": model.formatted_read_group(domain, ["phone"], ["phone:array_agg"]),
            groups: model.web_read_group(domain, ["phone_sanitized"], ["__count"]),
            "card": Store().add(partners, ["name", "phone"]).get_result(),
            "vcard": partners[:1]._get_vcard_file().decode(),
            "copy_data": partners.copy_data(),
        }

    def test_others_read_it_masked(self):
        for user in self.masked_for:
            for way, said in self.everything_read(user).items():
                with self.subTest(user=user.login, way=way):
                    self.assertNotIn("0138123", str(said).replace(" ", ""))
            self.assertEqual(self.ann.with_user(user).read(["phone"])[0]["phone"], MASKED)

    def test_sales_read_it(self):
        for way, said in self.everything_read(self.sales).items():
            with self.subTest(way=way):
                self.assertIn("0138123", str(said).replace(" ", ""))
        own = self.ann.with_user(self.shopper).read(["phone"])
        self.assertEqual(own[0]["phone"], PHONE)

    def test_nobody_finds_out_by_asking(self):
        for user, number in ((self.clerk, 0), (self.sales, 2)):
            partners = self.env["res.partner"].with_user(user)
            mine = [("id", "in", self.persons.ids)]
            for operator, value in (("=like", "1380013%"), ("ilike", "0138123"), ("in", [PHONE])):
                found = partners.search([*mine, ("phone", operator, value)])
                self.assertEqual(len(found), number, (user.login, operator))
                users = self.env["res.users"].with_user(user)
                found = users.search([("id", "=", self.shopper.id), ("phone", operator, value)])
                self.assertEqual(len(found), number // 2, (user.login, operator))
            for operator, value in (("not ilike", "0138123"), ("not ilike", "99999")):
                everybody = partners.search([*mine, ("phone", operator, value)])
                # The same whatever is asked.
                if user == self.clerk:
                    self.assertEqual(everybody, self.persons)
            found = partners.search([*mine, ("phone_mobile_search", "ilike", "0138123")])
            self.assertEqual(len(found), number)
            found = partners.search([*mine, ("user_ids.partner_id.phone", "ilike", "0138123")])
            self.assertEqual(len(found), number // 2)

    def test_the_order_says_nothing(self):
        first, second = self.ann, self.address
        second.phone = "13800138000"
        self.env.flush_all()
        orders = {}
        for user in (self.clerk, self.sales):
            partners = self.env["res.partner"].with_user(user)
            domain = [("id", "in", self.persons.ids)]
            orders[user] = [
                partners.search(domain, order=f"phone {direction}, id").ids
                for direction in ("asc", "desc")
            ]
        self.assertEqual(orders[self.clerk][0], orders[self.clerk][1])
        self.assertEqual(orders[self.sales], [[second.id, first.id], [first.id, second.id]])

    def test_companies_and_colleagues_are_no_secret(self):
        self.sales.partner_id.phone = "13700137000"
        self.env.flush_all()
        known = self.firm + self.seller + self.sales.partner_id
        numbers = known.mapped("phone")
        known.invalidate_recordset()
        theirs = known.with_user(self.clerk)
        self.assertEqual([row["phone"] for row in theirs.read(["phone"])], numbers)
        self.assertEqual(theirs.search([("phone", "in", numbers)]), theirs)

    def test_the_server_works_with_it(self):
        """A carrier's label, a text message: whoever pressed the button."""
        self.assertEqual(self.ann.with_user(self.clerk).phone, PHONE)
        # Nor does what one user has read stand in another's way.
        self.assertEqual(self.ann.with_user(self.sales).read(["phone"])[0]["phone"], PHONE)
        self.assertEqual(self.ann.with_user(self.clerk).read(["phone"])[0]["phone"], MASKED)

    def test_the_warehouse_sees_it_where_it_ships(self):
        kind = self.env.ref("stock.picking_type_out")
        delivery, receipt = self.env["stock.picking"].create(
            [
                {
                    "partner_id": self.address.id,
                    "picking_type_id": picking_type.id,
                    "move_ids": [
                        Command.create(
                            {
                                "product_id": self.product.id,
                                "product_uom_qty": 1,
                                "location_id": picking_type.default_location_src_id.id,
                                "location_dest_id": picking_type.default_location_dest_id.id,
                            }
                        )
                    ],
                }
                for picking_type in (kind, self.env.ref("stock.picking_type_in"))
            ]
        )
        (delivery + receipt).action_confirm()
        theirs = delivery.with_user(self.clerk)
        self.assertFalse(theirs.pinbu_phone, "nobody has ordered it")
        order = self.env["sale.order"].create(
            {
                "partner_id": self.ann.id,
                "partner_shipping_id": self.address.id,
                "order_line": [Command.create({"product_id": self.product.id})],
            }
        )
        order.action_confirm()
        delivery = order.picking_ids
        theirs = delivery.with_user(self.clerk)
        self.assertEqual(theirs.read(["pinbu_phone"])[0]["pinbu_phone"], PHONE)
        report = self.env["ir.actions.report"].with_user(self.clerk)
        slip, _kind = report._render_qweb_html("stock.action_report_delivery", delivery.ids)
        self.assertIn(PHONE, slip.decode())
        # Not before it may ship, nor of whoever sends something here.
        delivery.pinbu_is_gated = True
        self.assertFalse(theirs.pinbu_phone)
        self.assertFalse(receipt.with_user(self.clerk).pinbu_phone)
        for user in (self.sales, self.masked_for[1]):
            with self.assertRaises(AccessError):
                delivery.with_user(user).read(["pinbu_phone"])

    def test_a_mask_is_never_saved(self):
        with self.assertRaises(UserError):
            self.ann.with_user(self.clerk).write({"phone": MASKED})
        spec = {"name": {}, "phone": {}, "phone_sanitized": {}}
        changed = self.ann.with_user(self.clerk).onchange({"name": "Anne"}, ["name"], spec)
        self.assertNotIn("0138123", str(changed))
        with Form(self.firm.with_user(self.clerk)) as form:
            form.name = "Quux & Sons"
        self.assertEqual(self.firm.phone, "021-5555 0001")
        self.ann.with_user(self.clerk).write({"phone": "13600136000"})
        self.assertEqual(self.ann.phone, "13600136000")

    def test_chatter_does_not_tell_it(self):
        field = self.env["ir.model.fields"]._get("res.partner", "phone")
        message = self.ann.message_post(body="changed")
        tracking = self.env["mail.tracking.value"].create(
            {
                "field_id": field.id,
                "old_value_char": PHONE,
                "new_value_char": "13600136000",
                "mail_message_id": message.id,
            }
        )
        for user, seen in ((self.clerk, False), (self.sales, True)):
            env = self.env(user=user)
            self.assertEqual(bool(tracking._filter_has_field_access(env)), seen)
        self.assertFalse(tracking._filter_free_field_access())

    def test_what_a_payment_keeps(self):
        provider = self.env["payment.provider"].search([], limit=1)
        tx = self.env["payment.transaction"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": self.env["payment.method"].search([], limit=1).id,
                "reference": "phone",
                "amount": 1,
                "currency_id": self.env.company.currency_id.id,
                "partner_id": self.ann.id,
            }
        )
        self.assertEqual(tx.partner_phone, PHONE)
        self.env.flush_all()
        tx.invalidate_recordset()
        books = tx.with_user(self.masked_for[1])
        self.assertEqual(books.read(["partner_phone"])[0]["partner_phone"], MASKED)
        self.assertFalse(books.search([("partner_phone", "ilike", "0138123")]))
        self.assertNotIn("0138123", str(books.copy_data()))

    def test_every_phone_was_thought_about(self):
        found = {
            str(field)
            for model in self.env.registry.values()
            for field in model._fields.values()
            if field.type == "char"
            and ("phone" in field.name or "mobile" in field.name)
            and not model._abstract
            and field.groups not in ("base.group_system", ".")
            and self.env[model._name].with_user(self.clerk).has_access("read")
        }
        private = {
            name
            for name in found
            if isinstance(
                self.env[name.rpartition(".")[0]]._fields[name.rpartition(".")[2]], PrivatePhone
            )
        }
        self.assertLessEqual(
            {"res.partner.phone", "res.partner.phone_sanitized", "res.users.phone"}, private
        )
        self.assertEqual(found - private - set(OTHER_PHONES), set(), "Who may read these?")
