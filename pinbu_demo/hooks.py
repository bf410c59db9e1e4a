"""Installing the demo merchant: what has to be right before its data, and what follows from it."""

import base64

from dateutil.relativedelta import relativedelta

from odoo.exceptions import UserError

from .pictures import draw_bag, draw_banner, draw_logo

# More than any outside client will buy while it plays.
STOCK_OF_EACH = 50_000

# XML id of a product template -> colours of its bag (top, bottom).
BAGS = {
    "product_crisps": ("#FF5A36", "#C81D25"),
    "product_nuts": ("#C98B4A", "#7A4A1E"),
    "product_seaweed": ("#3FA36B", "#14613C"),
    "product_box": ("#FFB238", "#E4572E"),
    "product_jerky": ("#9B3B3B", "#4E1515"),
    "product_corn": ("#FFD23F", "#F0941F"),
    "product_ice": ("#62B6F0", "#2467B3"),
    "product_mooncake": ("#E8B04B", "#9C3D22"),
    "product_honey": ("#F7C948", "#B7791F"),
    "product_oats": ("#D9C2A0", "#8A6B45"),
    "product_veggie": ("#8CC152", "#3F7D20"),
}
# What is not put on a shelf: shoppers win a voucher for it.
SERVICES = {"product_class": ("#F58FB2", "#B8336A")}
# XML id of an activity category -> colours of its picture.
SHELVES = {
    "activity_category_snacks": ("#FF5A36", "#C81D25"),
    "activity_category_nuts": ("#C98B4A", "#7A4A1E"),
    "activity_category_meat": ("#9B3B3B", "#4E1515"),
    "activity_category_gifts": ("#FFB238", "#E4572E"),
    "activity_category_classes": ("#F58FB2", "#B8336A"),
}
# XML id of an activity -> what its banner says, and the banner's colours (left, right).
BANNERS = {
    "activity_crisps": ("三人成团，薯片 19.9 元", "#FF5A36", "#C81D25"),
    "activity_box": ("零食礼盒，拼着更划算", "#FFB238", "#E4572E"),
}
# Sold before it is there.
PRESALES = {"product_mooncake"}


def pre_init_hook(env):
    """Make the main company a Chinese one, before products and activities take its currency.

    :raise UserError: in a database that does real business.
    """
    company = env.ref("base.main_company")
    if env["payment.provider"]._pinbu_real_provider_enabled():
        raise UserError(
            env._("A payment provider is enabled here: the demo merchant is not for real shops.")
        )
    if company._existing_accounting():
        raise UserError(
            env._("This company keeps books already: install the demo merchant in a new database.")
        )
    _load_chinese(env)
    cny = env.ref("base.CNY")
    cny.active = True
    if company.country_id != env.ref("base.cn") or company.currency_id != cny:
        company.write({"country_id": env.ref("base.cn").id, "currency_id": cny.id})
    if company.chart_template != "cn":
        env["account.chart.template"].try_loading("cn", company)
        # Odoo loads the chart that it guessed when everything is installed; ours is there by then.
        if hasattr(env.registry, "_auto_install_template"):
            del env.registry._auto_install_template
    # Group prices are what shoppers pay, taxes included.
    company.account_price_include = "tax_included"


def post_init_hook(env):
    """Draw the pictures, fill the shelves, open the till, and put the activities in the shop."""
    company = env.ref("base.main_company")
    company.logo = base64.b64encode(draw_logo(company.name))
    # Odoo would ask each clerk about text messages to shoppers, and send them for money.
    company.stock_text_confirmation = False
    _dress_products(env, company)
    _dress_first_page(env, company)
    _fill_stock(env, company)
    _open_demo_provider(env, company)
    env["ir.default"].set("res.partner", "lang", "zh_CN")
    _silence_odoobot(env)
    env["pinbu.activity"].search([("id", "in", _activity_ids(env))]).action_publish()
    # Nothing that is over can be published.
    env.ref("pinbu_demo.activity_ice").ends_at -= relativedelta(days=4)


def _activity_ids(env):
    data = env["ir.model.data"].search(
        [("module", "=", "pinbu_demo"), ("model", "=", "pinbu.activity")]
    )
    return data.mapped("res_id")


def _load_chinese(env):
    if env["res.lang"]._get_data(code="zh_CN"):
        return
    env["res.lang"]._activate_lang("zh_CN")
    installed = env["ir.module.module"].search([("state", "=", "installed")])
    installed._update_translations(["zh_CN"])


def _dress_products(env, company):
    for xml_id, colours in (BAGS | SERVICES).items():
        product = env.ref(f"pinbu_demo.{xml_id}")
        picture = base64.b64encode(draw_bag(product.name, *colours))
        product.image_1920 = picture
        activities = env["pinbu.activity"].search([("product_tmpl_id", "=", product.id)])
        activities.image_1920 = picture
        # Products made before the chart of accounts have no taxes.
        product.taxes_id = company.account_sale_tax_id
        product.supplier_taxes_id = company.account_purchase_tax_id
    for name in ("express", "local", "pickup"):
        fee = env.ref(f"pinbu_demo.product_delivery_{name}")
        fee.taxes_id = company.account_sale_tax_id


def _dress_first_page(env, company):
    for xml_id, colours in SHELVES.items():
        category = env.ref(f"pinbu_demo.{xml_id}")
        category.image_1920 = base64.b64encode(draw_bag(category.name, *colours))
    env["pinbu.banner"].create(
        [
            {
                "name": text,
                "company_id": company.id,
                "activity_id": env.ref(f"pinbu_demo.{xml_id}").id,
                "image_1920": base64.b64encode(draw_banner(text, *colours)),
            }
            for xml_id, (text, *colours) in BANNERS.items()
        ]
    )


def _fill_stock(env, company):
    warehouse = env["stock.warehouse"].search([("company_id", "=", company.id)], limit=1)
    warehouse.name = company.name
    warehouse.out_type_id.reservation_method = "at_confirm"
    stocked = BAGS.keys() - PRESALES
    templates = [env.ref(f"pinbu_demo.{xml_id}").id for xml_id in stocked]
    variants = env["product.product"].search([("product_tmpl_id", "in", templates)])
    quants = env["stock.quant"].with_context(inventory_mode=True)
    quants.create(
        [
            {
                "product_id": variant.id,
                "location_id": warehouse.lot_stock_id.id,
                "inventory_quantity": STOCK_OF_EACH,
            }
            for variant in variants
        ]
    ).action_apply_inventory()


def _silence_odoobot(env):
    """Its lessons in chatting would cover the first screen, all of it on a phone."""
    users = env["res.users"].search([("share", "=", False)])
    if "odoobot_state" in users._fields:
        users.odoobot_state = "disabled"


def _open_demo_provider(env, company):
    provider = env.ref("payment.payment_provider_demo")
    if provider.company_id != company:
        provider = provider.copy({"company_id": company.id})
    journal = env["account.journal"].search(
        [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
    )
    provider.write({"state": "test", "is_published": True, "journal_id": journal.id})
    # Odoo enables wire transfers by itself; nobody would see them arrive here.
    others = env["payment.provider"].search(
        [("company_id", "=", company.id), ("id", "!=", provider.id), ("state", "!=", "disabled")]
    )
    others.state = "disabled"
