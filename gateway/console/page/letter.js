// One letter: what is known of it but its content, what to do, and what was done.

import { DealDialog } from './deal.js';
import { problemWords, sourceOf, stepsFor } from './guidance.js';
import { asked, box, button, facts, moment, refusalBox, Title } from './parts.js';
import { addressOf } from './place.js';
import { call, raise, session } from './session.js';
import { h, reactive } from './vue.js';
import { beside, codeWord, halfOf, outcomeWord, queueWord, reasonWord, roleWord, t, typeWord } from './words.js';

export const LetterRoom = {
  props: { id: String, filters: Object },
  setup(props) {
    const found = asked(() => call('GET', `dead-letters/${encodeURIComponent(props.id)}`), []);
    /** What is being done about it, and what was just done. */
    const deal = reactive({ act: '', done: '' });
    const onDone = (act) => {
      Object.assign(deal, { act: '', done: act });
      found.load();
    };

    return () => [
      h('p', [h('a', { class: 'back', href: addressOf('letters', props.filters) }, `← ${t('back')}`)]),
      h(Title, { text: found.value ? nameOf(found.value.letter) : t('letter') }),
      ...(found.refusal ? [refusalBox(found.refusal), button(t('retryRead'), found.load)] : []),
      ...(found.value ? shown(found.value) : found.refusal ? [] : [box('plain', t('loading'))]),
      h(DealDialog, {
        ...{ id: props.id, act: deal.act, onDone, onRefused: found.load },
        onClose: () => {
          deal.act = '';
        },
      }),
    ];

    function shown({ letter, detail, earlier }) {
      const problems = detail.problems ?? [];
      return [
        h('div', { class: 'headline' }, [
          h('p', { class: 'tags' }, [
            h('span', { class: ['tag', letter.closing ? 'good' : 'caution'] }, [
              letter.closing ? outcomeWord(letter.closing.outcome) : t('waiting'),
            ]),
            h('span', { class: 'tag' }, `${queueWord(letter.queue)} · ${letter.name}`),
            ...(letter.code ? [h('code', { class: 'tag' }, letter.code)] : []),
          ]),
        ]),
        ...(deal.done ? [box('good', doneWord(deal.done, letter.queue))] : []),
        h('div', { class: 'columns' }, [
          h('div', { class: 'stack' }, [
            ...(problems.length > 0 ? [problemCard(problems)] : []),
            letter.closing ? card(t('outcome'), [closingFacts(letter.closing)]) : todoCard(letter, problems),
            ...(earlier.length > 0 ? [earlierCard(earlier)] : []),
          ]),
          h('div', { class: 'stack' }, [...(letter.closing ? [] : [actCard()]), factCard(letter, detail)]),
        ]),
      ];
    }

    function actCard() {
      const { role, acts } = session.who;
      const start = (act) => () => Object.assign(deal, { act, done: '' });
      if (role !== 'sysadmin')
        return card(t('actions'), [
          h('p', t('mayNotRole')),
          h('p', { class: 'quiet' }, `${t('yourRole')} ${roleWord(role)}`),
        ]);
      if (!acts)
        return card(t('actions'), [
          h('p', t('mayNotFactor')),
          h('div', { class: 'buttons' }, [button(t('giveFactor'), raise, { type: 'primary' })]),
        ]);
      return card(t('actions'), [
        h('div', { class: 'buttons' }, [
          button(t('retry'), start('retry'), { type: 'primary' }),
          button(t('drop'), start('drop'), { type: 'danger', plain: true }),
        ]),
      ]);
    }
  },
};

/** What became of what was just done: a submission is done at once, anything else is on its way again. */
function doneWord(act, queue) {
  if (act === 'drop') return t('doneDrop');
  return t(queue === 'intake' ? 'doneTaken' : 'donePutBack');
}

/** What it is about, in words. */
function nameOf(letter) {
  return letter.code ? codeWord(letter.code) : reasonWord(letter);
}

function card(title, content) {
  return h('section', { class: 'card', 'aria-label': title }, [h('h2', title), ...content]);
}

function problemCard(problems) {
  return card(t('wrong'), [
    h(
      'ol',
      { class: 'problems' },
      problems.map(({ pointer, code, message }, at) => {
        const { what, mend } = problemWords(code);
        const source = sourceOf(message);
        return h('li', { key: at }, [
          h('p', [h('strong', what), ' ', h('code', code)]),
          facts([
            [t('field'), pointer === '' ? t('whole') : h('code', pointer)],
            [t('sourceField'), source && h('code', source)],
            [t('gatewaySays'), h('span', { lang: 'en' }, message)],
          ]),
          h('p', { class: 'mend' }, mend),
        ]);
      }),
    ),
  ]);
}

function todoCard(letter, problems) {
  return card(t('todo'), [
    h(
      'ol',
      { class: 'steps' },
      stepsFor(letter, problems).map((step, at) => h('li', { key: at }, step)),
    ),
  ]);
}

function factCard(letter, detail) {
  const { id, queue, subject, type, sequence, since, deadAt } = letter;
  return card(t('facts'), [
    facts([
      [t('id'), h('code', id)],
      [t('what'), typeWord(type)],
      [sequenceName(letter), queue === 'intake' && sequence === 0 ? undefined : String(sequence)],
      [t('conversation'), subject && h('code', subject)],
      [t('why'), reasonWord(letter)],
      [t('gatewaySays'), beside(letter.code, detail.message)],
      [t('key'), detail.key && h('code', detail.key)],
      [t('attempts'), detail.attempts === undefined ? undefined : String(detail.attempts)],
      [t('since'), moment(since)],
      [t('when'), moment(deadAt)],
      [t('expires'), detail.expiresAt && moment(detail.expiresAt)],
      [t('behind'), detail.waiting === undefined ? undefined : String(detail.waiting)],
    ]),
  ]);
}

/** What the number of a letter counts. */
function sequenceName({ queue, reason }) {
  if (reason === 'overflow') return t('howMany');
  return t(queue === 'intake' ? 'wish' : 'sequence');
}

function closingFacts({ outcome, by, role, reason, at, successor }) {
  return facts([
    [t('outcome'), outcomeWord(outcome)],
    [t('by'), by && [h('code', by), ' ', roleWord(role)]],
    // Ours are in two languages; what somebody wrote is shown as he wrote it.
    [t('reasonGiven'), by === '' || role === 'platform' ? halfOf(reason) : reason],
    [t('dealtAt'), moment(at)],
    [t('successor'), successor && h('code', successor)],
  ]);
}

function earlierCard(earlier) {
  return card(t('earlier'), [
    h(
      'ol',
      { class: 'problems' },
      earlier.map((letter, at) =>
        h('li', { key: at }, [
          h('p', [h('strong', nameOf(letter)), ' ', moment(letter.deadAt)]),
          ...(letter.closing ? [closingFacts(letter.closing)] : []),
        ]),
      ),
    ),
  ]);
}
