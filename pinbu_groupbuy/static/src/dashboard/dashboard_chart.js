/* global Chart */

import { Component, useEffect, useRef } from "@odoo/owl";
import { cookie } from "@web/core/browser/cookie";
import { getColor, getCustomColor } from "@web/core/colors/colors";
import { deserializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";

import { formatFigure } from "./format";

/** Money paid as bars, and formed and failed teams as lines, day by day. */
export class DashboardChart extends Component {
    static template = "pinbu_groupbuy.DashboardChart";
    static props = { days: Array, currencyId: Number };

    setup() {
        this.canvasRef = useRef("canvas");
        useEffect(
            () => {
                const chart = new Chart(this.canvasRef.el, this.config);
                return () => chart.destroy();
            },
            () => [this.props.days]
        );
    }

    get config() {
        const { days, currencyId } = this.props;
        const scheme = cookie.get("color_scheme");
        const grid = getCustomColor(scheme, "rgba(0,0,0,.08)", "rgba(255,255,255,.12)");
        const text = getCustomColor(scheme, "#5f6672", "#c7cbd3");
        const line = (name, label, color) => ({
            type: "line",
            label,
            data: days.map((day) => day[name]),
            borderColor: color,
            backgroundColor: color,
            borderWidth: 2,
            pointRadius: days.length > 31 ? 0 : 2,
            tension: 0.2,
            yAxisID: "teams",
        });
        return {
            data: {
                labels: days.map((day) =>
                    deserializeDate(day.day).toLocaleString({ month: "numeric", day: "numeric" })
                ),
                datasets: [
                    line("teams_formed", _t("Teams formed"), "#2b9348"),
                    line("teams_failed", _t("Teams failed"), "#d1495b"),
                    {
                        type: "bar",
                        label: _t("Amount paid"),
                        data: days.map((day) => day.paid_amount),
                        backgroundColor: getColor(3, scheme, "odoo") + "80",
                        borderRadius: 3,
                        maxBarThickness: 40,
                        yAxisID: "money",
                    },
                ],
            },
            options: {
                maintainAspectRatio: false,
                interaction: { mode: "index", intersect: false },
                plugins: {
                    legend: { position: "bottom", labels: { boxWidth: 12, color: text } },
                    tooltip: {
                        callbacks: {
                            label: ({ dataset, raw }) => {
                                const unit = dataset.yAxisID === "money" ? "money" : "count";
                                return `${dataset.label}: ${formatFigure(raw, unit, currencyId)}`;
                            },
                        },
                    },
                },
                scales: {
                    x: { grid: { display: false }, ticks: { color: text } },
                    money: { beginAtZero: true, grid: { color: grid }, ticks: { color: text } },
                    teams: {
                        position: "right",
                        beginAtZero: true,
                        grid: { display: false },
                        ticks: { color: text, precision: 0 },
                    },
                },
            },
        };
    }
}
