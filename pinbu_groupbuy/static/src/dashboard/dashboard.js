import { Component, markup, onWillStart, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { useSetupAction } from "@web/search/action_hook";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { DashboardChart } from "./dashboard_chart";
import { FigureTile } from "./figure_tile";
import { formatFigure } from "./format";

const { DateTime } = luxon;

/**
 * The first screen: what needs a person, and what the shop brings, beside the same length of time
 * before. All of it comes in one answer of `pinbu.dashboard`; its figures say what they count.
 */
export class Dashboard extends Component {
    static template = "pinbu_groupbuy.Dashboard";
    static components = { DashboardChart, FigureTile, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.formatFigure = formatFigure;
        this.display = { controlPanel: {} };
        this.periods = [
            { code: "today", label: _t("Today") },
            { code: "yesterday", label: _t("Yesterday") },
            { code: "week", label: _t("7 days") },
            { code: "month", label: _t("30 days") },
            { code: "custom", label: _t("Other days") },
        ];
        const kept = this.props.state || {};
        const today = DateTime.now().toISODate();
        this.state = useState({
            period: kept.period || "today",
            first: kept.first || DateTime.now().minus({ days: 6 }).toISODate(),
            last: kept.last || today,
            isLoading: false,
            data: null,
        });
        // Coming back by the breadcrumb shows the same period.
        useSetupAction({
            getLocalState: () => ({
                period: this.state.period,
                first: this.state.first,
                last: this.state.last,
            }),
        });
        onWillStart(async () => {
            await Promise.all([loadBundle("web.chartjs_lib"), this.load()]);
        });
    }

    async load() {
        const { period, first, last } = this.state;
        this.state.isLoading = true;
        try {
            const days = period === "custom" ? { first, last } : {};
            const data = await this.orm.call("pinbu.dashboard", "get_dashboard", [], {
                period,
                ...days,
            });
            // A later choice may have been answered first.
            if (period === this.state.period) {
                this.state.data = data;
            }
        } finally {
            this.state.isLoading = false;
        }
    }

    async choose(period) {
        this.state.period = period;
        await this.load();
    }

    async chooseDay(name, ev) {
        if (ev.target.value) {
            this.state[name] = ev.target.value;
            if (this.state.first <= this.state.last) {
                await this.load();
            }
        }
    }

    async open(records) {
        const action = await this.orm.call("pinbu.dashboard", "get_records_action", [records]);
        // The server's own words, as of any action that is loaded by its id.
        action.help &&= markup(action.help);
        await this.action.doAction(action);
    }

    async openActivity(id) {
        await this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "pinbu.activity",
            res_id: id,
            views: [[false, "form"]],
        });
    }

    async startStep(step) {
        await this.action.doAction(step.action, { onClose: () => this.load() });
    }

    get comparedWith() {
        const { before_first, before_last } = this.state.data;
        const [first, last] = [before_first, before_last].map((day) =>
            formatDate(deserializeDate(day))
        );
        return first === last
            ? _t("Compared with %(day)s", { day: first })
            : _t("Compared with %(first)s – %(last)s", { first, last });
    }

    get shown() {
        const { first, last } = this.state.data;
        const [from, to] = [first, last].map((day) => formatDate(deserializeDate(day)));
        return from === to ? from : `${from} – ${to}`;
    }

    alertClass(level) {
        return `alert-${level}`;
    }

    alertIcon(level) {
        return { danger: "fa-exclamation-circle", warning: "fa-exclamation-triangle" }[level] ||
            "fa-info-circle";
    }
}

registry.category("actions").add("pinbu_groupbuy.dashboard", Dashboard);
