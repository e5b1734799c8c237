// What is parked (搁置的消息), newest first.

import { ElButton, ElOption, ElRadioButton, ElRadioGroup, ElSelect } from './element-plus.js';
import { asked, box, button, moment, refusalBox, Title } from './parts.js';
import { addressOf, go, letterAddress, place } from './place.js';
import { QUEUES } from './registry.js';
import { call } from './session.js';
import { h, ref, watch } from './vue.js';
import { chinaTime, codeWord, outcomeWord, queueWord, reasonWord, t, typeWord } from './words.js';

const PER_PAGE = '25';

export const LettersRoom = {
  setup() {
    /** Cursors of the pages before, the newest page first. */
    const cursors = ref([]);
    watch(
      () => place.filters,
      () => {
        cursors.value = [];
        // What is shown belongs under the old headings.
        found.value = undefined;
      },
    );
    const found = asked(async () => {
      const { state, queue, name } = place.filters;
      const wish = { limit: PER_PAGE, state, queue, name, cursor: cursors.value.at(-1) };
      const query = new URLSearchParams(Object.entries(wish).filter(([, value]) => value));
      const [page, { counts }] = await Promise.all([
        call('GET', `dead-letters?${query}`),
        call('GET', 'dead-letters/counts'),
      ]);
      return { ...page, counts, state, isFirst: cursors.value.length === 0, at: Date.now() };
    }, [() => place.filters, cursors]);

    return () => [
      h('div', { class: 'room-head' }, [
        h(Title, { text: t('letters') }),
        h('div', { class: 'room-side' }, [
          ...(found.value ? [h('span', { class: 'quiet' }, `${t('refreshedAt')} ${clockOf(found.value.at)}`)] : []),
          button(t('refresh'), found.load, { loading: found.isLoading }),
        ]),
      ]),
      h('p', { class: 'lead' }, t('lettersWhy')),
      queueTiles(found.value?.counts ?? []),
      filters(found.value?.counts ?? []),
      ...(found.refusal ? [refusalBox(found.refusal)] : []),
      ...(found.value ? [list(found.value)] : found.refusal ? [] : [box('plain', t('loading'))]),
      pages(found.value?.next),
    ];

    function pages(next) {
      if (!next && cursors.value.length === 0) return undefined;
      const move = (to) => () => {
        cursors.value = to;
        window.scrollTo(0, 0);
      };
      return h('nav', { class: 'pages', 'aria-label': t('page') }, [
        button(`← ${t('newer')}`, move(cursors.value.slice(0, -1)), { disabled: cursors.value.length === 0 }),
        h('span', { class: 'quiet' }, String(cursors.value.length + 1)),
        button(`${t('older')} →`, move([...cursors.value, next]), { disabled: !next }),
      ]);
    }
  },
};

function filterBy(changes) {
  go(addressOf('letters', { ...place.filters, ...changes }));
}

/** How many wait in each queue; each is a filter. */
function queueTiles(counts) {
  const sum = (queue) => counts.filter((one) => !queue || one.queue === queue).reduce((all, one) => all + one.count, 0);
  const tile = (queue, word) => {
    const isOn = (place.filters.queue ?? '') === queue;
    const choose = () => filterBy({ queue, name: '' });
    const attributes = { key: queue, class: 'tile', type: 'button', 'aria-pressed': String(isOn), onClick: choose };
    return h('button', attributes, [
      h('span', word),
      h('span', [h('strong', { class: { some: sum(queue) > 0 } }, String(sum(queue))), ' ', t('waiting')]),
    ]);
  };
  return h('div', { class: 'tiles', role: 'group', 'aria-label': `${t('queue')} (${t('waiting')})` }, [
    tile('', t('all')),
    ...['intake', 'platform', 'peer'].filter((one) => QUEUES.includes(one)).map((one) => tile(one, queueWord(one))),
  ]);
}

function filters(counts) {
  const { state = 'open', queue, name = '' } = place.filters;
  const named = new Map();
  for (const one of counts)
    if (!queue || one.queue === queue) named.set(one.name, (named.get(one.name) ?? 0) + one.count);
  if (name && !named.has(name)) named.set(name, 0);
  const labelOf = (value, count) => (state === 'open' ? `${value} (${count})` : value);
  const options = [...named].map(([value, count]) => h(ElOption, { key: value, value, label: labelOf(value, count) }));
  const change = (key) => (value) => filterBy({ [key]: value === 'open' ? '' : (value ?? '') });
  return h('div', { class: 'filters' }, [
    h(ElRadioGroup, { modelValue: state, 'aria-label': t('state'), 'onUpdate:modelValue': change('state') }, () => [
      h(ElRadioButton, { value: 'open' }, () => t('waiting')),
      h(ElRadioButton, { value: 'closed' }, () => t('dealtWith')),
    ]),
    h(
      ElSelect,
      {
        ...{ modelValue: name, clearable: true, filterable: true, allowCreate: true, class: 'name-filter' },
        ...{ placeholder: t('anyName'), 'aria-label': t('name'), 'onUpdate:modelValue': change('name') },
      },
      () => options,
    ),
  ]);
}

function list({ letters, state, isFirst }) {
  if (letters.length === 0) return emptyList(isFirst);
  const isClosed = state === 'closed';
  const heads = [t('when'), t('queue'), t('what'), t('why'), ...(isClosed ? [t('outcome')] : [])];
  return h('table', { class: 'list' }, [
    h('caption', { class: 'unseen' }, t('letters')),
    h('thead', h('tr', [...heads.map((head) => h('th', { scope: 'col' }, head)), h('th', { scope: 'col' })])),
    h(
      'tbody',
      letters.map((letter) => row(letter, heads)),
    ),
  ]);
}

function row({ id, queue, name, type, reason, code, deadAt, closing }, heads) {
  const cells = [
    moment(deadAt),
    [queueWord(queue), h('strong', { class: 'name' }, name)],
    [typeWord(type), h('code', { class: 'quiet' }, id)],
    [
      h('span', { class: 'why' }, code ? codeWord(code) : reasonWord({ queue, reason })),
      code ? h('code', code) : undefined,
    ],
    ...(closing ? [[outcomeWord(closing.outcome), h('span', { class: 'quiet' }, closing.by)]] : []),
  ];
  const open = { href: letterAddress(id), class: 'open', 'aria-label': `${t('open')} ${name} ${id}` };
  return h('tr', { key: `${id} ${deadAt}` }, [
    ...cells.map((cell, at) => h('td', { 'data-head': heads[at] }, h('div', [cell].flat()))),
    h('td', { class: 'last' }, h('a', open, t('open'))),
  ]);
}

function emptyList(isFirst) {
  const { queue, name, state } = place.filters;
  // A page from which everything went meanwhile says nothing of those before it.
  if (!isFirst) return h('div', { class: 'empty' }, [h('strong', t('emptyPage'))]);
  if (queue || name)
    return h('div', { class: 'empty' }, [
      h('strong', t('emptyFiltered')),
      h(ElButton, { onClick: () => filterBy({ queue: '', name: '' }) }, () => t('clearFilters')),
    ]);
  if (state === 'closed') return h('div', { class: 'empty' }, [h('strong', t('emptyClosed'))]);
  return h('div', { class: 'empty good' }, [h('strong', t('emptyOpen')), h('p', t('emptyOpenWhy'))]);
}

function clockOf(ms) {
  return chinaTime(ms).slice(11);
}
