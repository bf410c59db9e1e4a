import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

/** Whether the provider's balance covers tonight: over the pay list, for those who pay. */
export class PayoutForecast extends Component {
    static template = "pinbu_subsidy.PayoutForecast";
    static props = { list: Object };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ companies: [] });
        const load = async () => {
            if (await user.hasGroup("account.group_account_invoice")) {
                this.state.companies = await this.orm.call(
                    "pinbu.withdrawal",
                    "get_payout_forecast",
                    []
                );
            }
        };
        onWillStart(load);
        // The list was loaded again: something may have been paid.
        onWillUpdateProps(load);
    }

    setBalance() {
        this.action.doAction("pinbu_subsidy.pinbu_payout_balance_action");
    }
}

export class WithdrawalListRenderer extends ListRenderer {
    static template = "pinbu_subsidy.WithdrawalListRenderer";
    static components = { ...ListRenderer.components, PayoutForecast };
}

registry.category("views").add("pinbu_withdrawal_list", {
    ...listView,
    Renderer: WithdrawalListRenderer,
});
