import { Component } from "@odoo/owl";
import { deserializeDateTime, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const ICONS = {
    identity: "fa-id-card-o",
    account: "fa-credit-card",
    device: "fa-mobile",
    phone: "fa-phone",
    delivery: "fa-home",
    teams: "fa-users",
    inviter: "fa-share-alt",
    invited: "fa-share-alt",
};

/** Accounts that share something with a shopper, and what, as a table. */
export class RiskLinksField extends Component {
    static template = "pinbu_risk.RiskLinksField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
    }

    get links() {
        return this.props.record.data[this.props.name] || { rows: [], more: 0 };
    }

    get more() {
        return _t("And %s more", this.links.more);
    }

    icon(kind) {
        return ICONS[kind] || "fa-link";
    }

    since(row) {
        return formatDate(deserializeDateTime(row.since));
    }

    openPartner(row) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "res.partner",
            res_id: row.id,
            views: [[false, "form"]],
        });
    }
}

export const riskLinksField = {
    component: RiskLinksField,
    displayName: _t("Linked Accounts"),
    supportedTypes: ["json"],
};

registry.category("fields").add("pinbu_risk_links", riskLinksField);
