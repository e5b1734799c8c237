// The form by which one signs in, as a room of its own and over the place where one is.

import { ElButton, ElDialog, ElInput, ElRadioButton, ElRadioGroup } from './element-plus.js';
import { refusalBox } from './parts.js';
import { hasGiven, session, signIn, signOut, stayAsIs } from './session.js';
import { computed, h, nextTick, onMounted, reactive, ref, watch, watchEffect } from './vue.js';
import { language, t } from './words.js';

const WAYS = { code: 'factorCode', certificate: 'factorCertificate', look: 'factorNone' };
const HELP = { certificate: 'certificateHelp', look: 'lookHelp' };

const SignInForm = {
  setup() {
    const form = reactive({
      token: '',
      code: '',
      way: 'code',
      keeps: hasGiven(),
      wrong: '',
      refusal: undefined,
      isBusy: false,
    });
    const hasFactor = computed(() => mayHaveFactor(form.keeps ? session.who?.role : roleIn(form.token)));
    onMounted(() => focus(form.keeps ? 'code' : 'token'));

    return () =>
      h('form', { class: 'sign-in', novalidate: true, onSubmit: submit }, [
        form.keeps ? keptToken() : tokenField(),
        ...(hasFactor.value ? factorFields() : []),
        ...(form.refusal ? [refusalBox(form.refusal, t('notDone'))] : []),
        h('div', { class: 'buttons' }, [
          h(ElButton, { type: 'primary', size: 'large', nativeType: 'submit', loading: form.isBusy }, () =>
            t(session.asking === 'factor' ? 'confirm' : session.who ? 'again' : 'signIn'),
          ),
          ...(session.asking === 'factor'
            ? [h(ElButton, { size: 'large', onClick: stayAsIs }, () => t('notNow'))]
            : []),
          ...(session.who && session.asking !== 'factor'
            ? [h(ElButton, { size: 'large', onClick: signOut }, () => t('signOutInstead'))]
            : []),
        ]),
      ]);

    function keptToken() {
      const another = () => {
        form.keeps = false;
        focus('token');
      };
      return h('p', { class: 'kept' }, [
        `${t('keepsToken')} ${session.who.subject} `,
        h(ElButton, { link: true, type: 'primary', onClick: another }, () => t('anotherToken')),
      ]);
    }

    function tokenField() {
      return field('token', t('token'), [
        h(ElInput, {
          // No password: browsers would offer to keep it.
          ...{
            id: 'token',
            class: 'secret',
            modelValue: form.token,
            size: 'large',
            autocomplete: 'off',
            spellcheck: false,
          },
          ...describedBy('token', form.wrong === 'tokenMissing'),
          'onUpdate:modelValue': (value) => {
            form.token = value.trim().replace(/^Bearer\s+/i, '');
          },
        }),
        help('token', t('tokenHelp'), form.wrong === 'tokenMissing' && t('tokenMissing')),
      ]);
    }

    function factorFields() {
      const ways = Object.entries(WAYS).map(([value, word]) => h(ElRadioButton, { key: value, value }, () => t(word)));
      const group = { modelValue: form.way, 'aria-label': t('factor'), 'onUpdate:modelValue': choose };
      const code = h(ElInput, {
        ...{ id: 'code', modelValue: form.code, size: 'large', maxlength: 6, inputmode: 'numeric' },
        ...{ autocomplete: 'one-time-code', class: 'digits', ...describedBy('code', form.wrong === 'codeWrong') },
        'onUpdate:modelValue': (value) => {
          form.code = value.replaceAll(/\D/g, '');
        },
      });
      return [
        h('div', { class: 'field' }, [h('span', { class: 'label' }, t('factor')), h(ElRadioGroup, group, () => ways)]),
        form.way === 'code'
          ? field('code', t('code'), [code, help('code', '', form.wrong === 'codeWrong' && t('codeWrong'))])
          : h('p', { class: 'quiet' }, t(HELP[form.way])),
      ];
    }

    function choose(way) {
      form.way = way;
      if (way === 'code') focus('code');
    }

    async function submit(event) {
      event.preventDefault();
      if (form.isBusy) return;
      form.wrong = wrongIn();
      form.refusal = undefined;
      if (form.wrong) return focus(form.wrong === 'codeWrong' ? 'code' : 'token');
      form.isBusy = true;
      try {
        await signIn({
          token: form.keeps ? '' : form.token,
          way: hasFactor.value ? form.way : 'look',
          code: form.code,
        });
      } catch (refusal) {
        form.refusal = refusal;
        // A code counts once, right or wrong; a token that is no good is asked for.
        form.code = '';
        if (refusal.status === 401) form.keeps = false;
        focus(refusal.status === 401 ? 'token' : 'code');
      } finally {
        form.isBusy = false;
      }
    }

    function wrongIn() {
      if (!form.keeps && form.token === '') return 'tokenMissing';
      return hasFactor.value && form.way === 'code' && !/^\d{6}$/.test(form.code) ? 'codeWrong' : '';
    }
  },
};

/** The first room: nobody is signed in. */
export const SignInRoom = {
  setup() {
    watchEffect(() => {
      document.title = `${t('signIn')} · ${t('console')}`;
    });
    return () =>
      h('main', { class: 'gate' }, [
        h('section', { class: 'card gate-card', 'aria-labelledby': 'gate-title' }, [
          h('div', { class: 'gate-head' }, [
            h('img', { src: 'console/icon.svg', alt: '', width: 52, height: 52 }),
            h('div', [h('h1', { id: 'gate-title' }, t('console')), h('p', { class: 'quiet' }, regionName())]),
          ]),
          h('p', { class: 'lead' }, t('signInWhy')),
          h(SignInForm),
        ]),
        languageButton(),
      ]);
  },
};

/** Asks again over the place where one is: nothing behind it is lost. */
export const SignInAgain = {
  setup() {
    /** Why; it stays what it was while the dialog goes away. */
    const why = ref('ended');
    watch(
      () => session.asking,
      (asking) => {
        why.value = asking || why.value;
      },
      { immediate: true },
    );
    return () =>
      h(
        ElDialog,
        {
          ...{ modelValue: session.asking !== '', title: t(why.value === 'factor' ? 'giveFactor' : 'again') },
          ...{ width: 'min(30rem, calc(100vw - 2rem))', alignCenter: true, destroyOnClose: true },
          ...{ showClose: false, closeOnClickModal: false, closeOnPressEscape: false },
        },
        () => [h('p', { class: 'lead' }, t(WHY[why.value])), h(SignInForm, { key: why.value })],
      );
  },
};

const WHY = { ended: 'againEnded', idle: 'againIdle', factor: 'againFactor' };

export function languageButton() {
  const change = () => {
    language.value = language.value === 'zh' ? 'en' : 'zh';
  };
  const other = language.value === 'zh' ? 'en' : 'zh-CN';
  const attributes = { class: 'language', type: 'button', lang: other, 'aria-label': t('otherLabel'), onClick: change };
  return h('button', attributes, t('other'));
}

/** Name and code of our region, which the gateway wrote into the page. */
export function regionName() {
  return document.querySelector('meta[name="region"]').content;
}

function field(id, label, content) {
  return h('div', { class: 'field' }, [h('label', { for: id, class: 'label' }, label), ...content]);
}

function help(id, text, wrong) {
  return h('p', { id: `${id}-help`, class: wrong ? 'wrong' : 'quiet', ...(wrong && { role: 'alert' }) }, wrong || text);
}

function describedBy(id, isWrong) {
  return { 'aria-describedby': `${id}-help`, 'aria-invalid': isWrong ? 'true' : undefined };
}

/** The role that a token of the local key claims for a person; undefined where there can be no second factor. */
function roleIn(token) {
  try {
    const claims = atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'));
    const { role, sub } = JSON.parse(claims);
    // The machine is nobody in person; tokens of the sign-on name roles in their own way.
    return String(sub).startsWith('local-') ? undefined : (role ?? 'unknown');
  } catch {
    return token.split('.').length === 3 ? 'unknown' : undefined;
  }
}

/** Operators have no second factor; nothing can be said yet of an empty field. */
function mayHaveFactor(role) {
  return role !== undefined && role !== 'operator' && role !== 'platform';
}

function focus(id) {
  nextTick(() => document.getElementById(id)?.focus());
}
