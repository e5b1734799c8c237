// Asks why, and has the gateway retry or drop a letter.

import { ElButton, ElDialog, ElInput } from './element-plus.js';
import { refusalBox } from './parts.js';
import { call } from './session.js';
import { h, nextTick, reactive, watch } from './vue.js';
import { t } from './words.js';

const MAX_REASON = 200;
// biome-ignore format: a table is read in lines
const ACTS = {
  retry: { title: 'retryTitle', what: 'retryWhat', confirm: 'confirmRetry', type: 'primary' },
  drop: { title: 'dropTitle', what: 'dropWhat', confirm: 'confirmDrop', type: 'danger' },
};

export const DealDialog = {
  props: { id: String, act: String },
  emits: ['done', 'refused', 'close'],
  setup(props, { emit }) {
    const form = reactive({ act: 'retry', reason: '', isWrong: false, isBusy: false, refusal: undefined });
    watch(
      () => props.act,
      (act) => act && Object.assign(form, { act, reason: '', isWrong: false, refusal: undefined }),
    );

    return () => {
      const { title, what, confirm, type } = ACTS[form.act];
      return h(
        ElDialog,
        {
          ...{
            modelValue: props.act !== '',
            title: t(title),
            width: 'min(34rem, calc(100vw - 2rem))',
            alignCenter: true,
            destroyOnClose: true,
          },
          ...{ closeOnClickModal: false, showClose: false, closeOnPressEscape: !form.isBusy, onOpened: focusReason },
          'onUpdate:modelValue': (isOpen) => isOpen || emit('close'),
        },
        () =>
          h('form', { novalidate: true, onSubmit: submit }, [
            h('p', { class: 'lead' }, t(what)),
            h('div', { class: 'field' }, [
              h('label', { for: 'reason', class: 'label' }, t('reason')),
              h(ElInput, {
                ...{ id: 'reason', type: 'textarea', rows: 3, maxlength: MAX_REASON, showWordLimit: true },
                ...{ modelValue: form.reason, 'aria-describedby': 'reason-help', resize: 'none' },
                'aria-invalid': form.isWrong ? 'true' : undefined,
                'onUpdate:modelValue': (value) => {
                  form.reason = value.replaceAll(/[\r\n]+/g, ' ');
                },
              }),
              form.isWrong
                ? h('p', { id: 'reason-help', class: 'wrong', role: 'alert' }, t('reasonMissing'))
                : h('p', { id: 'reason-help', class: 'quiet' }, t('reasonHelp')),
            ]),
            ...(form.refusal ? [refusalBox(form.refusal, titleOf(form.refusal))] : []),
            h('div', { class: 'buttons' }, [
              h(ElButton, { type, nativeType: 'submit', loading: form.isBusy }, () => t(confirm)),
              h(ElButton, { disabled: form.isBusy, onClick: () => emit('close') }, () => t('cancel')),
            ]),
          ]),
      );
    };

    async function submit(event) {
      event.preventDefault();
      if (form.isBusy) return;
      const reason = form.reason.trim();
      form.isWrong = reason === '';
      form.refusal = undefined;
      if (form.isWrong) return focusReason();
      form.isBusy = true;
      try {
        await call('POST', `dead-letters/${encodeURIComponent(props.id)}/${form.act}`, { reason });
        emit('done', form.act);
      } catch (refusal) {
        // Who is asked to sign in again finds what he typed, and presses once more.
        if (refusal.status === 401 || refusal.code === 'SECOND_FACTOR_REQUIRED') return;
        form.refusal = refusal;
        emit('refused');
      } finally {
        form.isBusy = false;
      }
    }
  },
};

/** A retry that is refused again comes with what is still wrong. */
function titleOf({ code, errors }) {
  return t(code === 'CONFLICT' && errors.length > 0 ? 'refusedAgain' : 'notDone');
}

function focusReason() {
  nextTick(() => document.getElementById('reason')?.focus());
}
