import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { evaluateBooleanExpr } from "@web/core/py_js/py";
import { registry } from "@web/core/registry";
import { formatDateTime } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const { DateTime } = luxon;

/**
 * A deadline that counts down, second by second, while `running` (an expression on the record)
 * holds; the plain date otherwise. For show only: the server decides by the database's clock.
 */
export class CountdownField extends Component {
    static template = "pinbu_groupbuy.CountdownField";
    static props = { ...standardFieldProps, running: { type: String, optional: true } };
    static defaultProps = { running: "True" };

    setup() {
        this.clock = useState({ now: DateTime.now() });
        onMounted(() => {
            this.timer = setInterval(() => {
                if (this.isRunning) {
                    this.clock.now = DateTime.now();
                }
            }, 1000);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    get deadline() {
        return this.props.record.data[this.props.name];
    }

    get isRunning() {
        return (
            Boolean(this.deadline) &&
            evaluateBooleanExpr(this.props.running, this.props.record.evalContext)
        );
    }

    get exact() {
        return this.deadline ? formatDateTime(this.deadline) : "";
    }

    get secondsLeft() {
        return Math.floor(this.deadline.diff(this.clock.now, "seconds").seconds);
    }

    get text() {
        if (!this.isRunning) {
            return this.exact;
        }
        const left = this.secondsLeft;
        if (left <= 0) {
            return _t("time is up");
        }
        const pad = (number) => String(number).padStart(2, "0");
        const days = Math.floor(left / 86400);
        const clock = [Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60, left % 60]
            .map(pad)
            .join(":");
        return days ? _t("%(days)s d %(clock)s", { days, clock }) : clock;
    }

    get className() {
        if (!this.isRunning) {
            return "";
        }
        return this.secondsLeft < 3600 ? "text-danger fw-bold" : "text-warning-emphasis fw-bold";
    }
}

export const countdownField = {
    component: CountdownField,
    displayName: _t("Countdown"),
    supportedTypes: ["datetime"],
    extractProps: ({ options }) => ({ running: options.running }),
};

registry.category("fields").add("pinbu_countdown", countdownField);
