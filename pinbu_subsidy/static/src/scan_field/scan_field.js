import { onMounted, useEffect } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { CharField, charField } from "@web/views/fields/char/char_field";

/**
 * Where codes are scanned, one after the other: scanners type a code and press Enter. Enter saves
 * the record and calls its method `action`; the field is then ready for the next code.
 */
export class ScanField extends CharField {
    static template = "pinbu_subsidy.ScanField";
    static props = { ...CharField.props, action: String };

    setup() {
        super.setup();
        this.actionService = useService("action");
        onMounted(() => this.input.el?.focus());
        // What a button or Enter has shown is done with: the next scan takes its place.
        useEffect(
            () => {
                this.input.el?.focus();
                this.input.el?.select();
            },
            () => [this.props.record.data.outcome, this.props.record.data.shown_code]
        );
    }

    async onKeydown(ev) {
        if (ev.key !== "Enter" || ev.isComposing) {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
        const { record, name } = this.props;
        await record.update({ [name]: this.parse(this.input.el.value) });
        if (!record.data[name] || !(await record.save({ reload: false }))) {
            return;
        }
        await this.actionService.doActionButton({
            type: "object",
            name: this.props.action,
            resModel: record.resModel,
            resId: record.resId,
            resIds: [record.resId],
            context: record.context,
            onClose: () => record.load(),
        });
        this.input.el?.focus();
        this.input.el?.select();
    }
}

export const scanField = {
    ...charField,
    component: ScanField,
    extractProps: (fieldInfo, dynamicInfo) => ({
        ...charField.extractProps(fieldInfo, dynamicInfo),
        action: fieldInfo.options.action,
    }),
};

registry.category("fields").add("pinbu_scan", scanField);
