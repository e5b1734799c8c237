// What stands around every room: where one is, who one is.

import { AccountRoom } from './account.js';
import { LetterRoom } from './letter.js';
import { LettersRoom } from './letters.js';
import { addressOf, place } from './place.js';
import { session } from './session.js';
import { languageButton, regionName, SignInAgain } from './sign-in.js';
import { h, reactive, watch } from './vue.js';
import { roleWord, t } from './words.js';

export const Shell = {
  setup() {
    /** What the list was last filtered by, for the way back from a letter. */
    const kept = reactive({ filters: {} });
    watch(
      () => place.filters,
      (filters) => {
        if (place.room === 'letters') kept.filters = filters;
      },
      { immediate: true, flush: 'sync' },
    );
    return () => [
      h('a', { class: 'skip', href: '#content', onClick: skip }, t('skip')),
      h('header', { class: 'top' }, [
        h('div', { class: 'wide top-line' }, [
          h('img', { src: 'console/icon.svg', alt: '', width: 40, height: 40 }),
          h('div', { class: 'whose' }, [h('strong', t('console')), h('span', regionName())]),
          h('nav', { 'aria-label': t('rooms') }, [
            tab('letters', t('letters'), place.room !== 'account', kept.filters),
            tab('account', [t('account'), h('small', roleWord(session.who.role))], place.room === 'account'),
          ]),
          languageButton(),
        ]),
      ]),
      h('main', { id: 'content', class: 'wide content', tabindex: -1 }, [room(kept.filters)]),
      h(SignInAgain),
    ];
  },
};

function room(filters) {
  if (place.room === 'account') return h(AccountRoom, { key: 'account' });
  if (place.room === 'letter') return h(LetterRoom, { key: place.id, id: place.id, filters });
  return h(LettersRoom, { key: 'letters' });
}

function tab(name, content, isHere, filters) {
  return h('a', { href: addressOf(name, filters), 'aria-current': isHere ? 'page' : undefined }, content);
}

/** The address after # is the place, so that the focus alone moves. */
function skip(event) {
  event.preventDefault();
  document.getElementById('content').focus();
}
