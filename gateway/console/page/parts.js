// Small things that every room is made of.

import { ElButton } from './element-plus.js';
import { problemWords } from './guidance.js';
import { session } from './session.js';
import { h, onMounted, reactive, ref, watch } from './vue.js';
import { beside, chinaTime, codeWord, language, t } from './words.js';

/** The name of the room, on which the focus stands when one comes in. */
export const Title = {
  props: { text: String },
  setup(props) {
    const heading = ref();
    watch(
      () => [props.text, language.value],
      () => {
        document.title = `${props.text} · ${t('console')}`;
      },
      { immediate: true },
    );
    onMounted(() => heading.value.focus({ preventScroll: true }));
    return () => h('h1', { ref: heading, tabindex: -1 }, props.text);
  },
};

/** A moment, in China. */
export function moment(ms) {
  return h('time', { datetime: new Date(ms).toISOString() }, chinaTime(ms));
}

/** Names and values; those without a value are left out. */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value !== undefined && value !== '');
  return h(
    'dl',
    { class: 'facts' },
    shown.map(([name, value]) => h('div', { key: name }, [h('dt', name), h('dd', [value])])),
  );
}

/** A coloured box; `tone`: `good`, `caution`, `bad` or `plain`. Those who listen hear it. */
export function box(tone, title, content = []) {
  const role = tone === 'bad' ? 'alert' : 'status';
  return h('div', { class: ['box', tone], role }, [h('strong', title), ...content]);
}

/** What was refused, in words, with every field that the gateway names. */
export function refusalBox(refusal, title = t('failed')) {
  const { code, message, errors = [], waitSeconds = 0 } = refusal;
  const wait = waitSeconds > 0 ? [h('p', `${t('waitFor')} ${waitSeconds} s`)] : [];
  const more = beside(code, message);
  const fields = errors.map((one) => {
    const where = one.pointer ? h('code', one.pointer) : t('whole');
    return h('li', [h('b', problemWords(one.code).what), ' ', where, h('br'), one.message]);
  });
  return box('bad', title, [
    h('p', [codeWord(code), ' ', h('code', code)]),
    ...(more ? [h('p', { class: 'quiet' }, more)] : []),
    ...(fields.length > 0 ? [h('ul', fields)] : []),
    ...wait,
  ]);
}

/** Something that is asked of the gateway, and again when somebody signs in anew: `{value, refusal, isLoading, load}`. */
export function asked(ask, dependencies) {
  const state = reactive({ value: undefined, refusal: undefined, isLoading: false, load });
  let turn = 0;
  watch([() => session.era, ...dependencies], load, { immediate: true });
  return state;

  async function load() {
    turn += 1;
    const mine = turn;
    state.isLoading = true;
    try {
      const value = await ask();
      if (mine === turn) Object.assign(state, { value, refusal: undefined });
    } catch (refusal) {
      // Whoever is asked to sign in again keeps what he sees.
      if (mine === turn && refusal.status !== 401) state.refusal = refusal;
    } finally {
      if (mine === turn) state.isLoading = false;
    }
  }
}

/** A button of ours; more attributes as Element Plus has them. */
export function button(text, onClick, attributes = {}) {
  return h(ElButton, { onClick, ...attributes }, () => text);
}
