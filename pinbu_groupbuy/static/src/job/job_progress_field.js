import { Component, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { OPEN, TYPE } from "./job_service";

// What is not told shows by then.
const REFRESH = 10000;

/** How far a long job is: it moves as the bus tells it, and the record follows its states. */
export class JobProgressField extends Component {
    static template = "pinbu_groupbuy.JobProgressField";
    static props = { ...standardFieldProps };

    setup() {
        this.told = useState({ done: 0, state: null });
        const bus = useService("bus_service");
        const listen = (job) => this.hear(job);
        bus.subscribe(TYPE, listen);
        const refresh = setInterval(() => this.isOpen && this.load(), REFRESH);
        onWillUnmount(() => {
            clearInterval(refresh);
            bus.unsubscribe(TYPE, listen);
        });
    }

    hear(job) {
        if (job.id === this.props.record.resId) {
            Object.assign(this.told, { done: job.done, state: job.state });
            if (job.state !== this.props.record.data.state) {
                this.load();
            }
        }
    }

    load() {
        return this.props.record.load();
    }

    get done() {
        return Math.max(this.props.record.data[this.props.name], this.told.done);
    }

    get total() {
        return this.props.record.data.total;
    }

    get state() {
        const { state } = this.props.record.data;
        return OPEN.includes(state) ? this.told.state || state : state;
    }

    get isOpen() {
        return OPEN.includes(this.state);
    }

    get percent() {
        return this.total ? Math.round((100 * this.done) / this.total) : 0;
    }

    get barClass() {
        return {
            waiting: "bg-secondary",
            running: "bg-primary progress-bar-striped progress-bar-animated",
            done: "bg-success",
            failed: "bg-warning",
            cancelled: "bg-secondary",
        }[this.state];
    }
}

export const jobProgressField = {
    component: JobProgressField,
    displayName: _t("Progress of a Job"),
    supportedTypes: ["integer"],
    fieldDependencies: [
        { name: "total", type: "integer" },
        { name: "state", type: "selection" },
    ],
};

registry.category("fields").add("pinbu_job_progress", jobProgressField);
