// Who I am, as the gateway sees me, and the way out.

import { button, facts, moment, Title } from './parts.js';
import { raise, session, signOut } from './session.js';
import { regionName } from './sign-in.js';
import { h } from './vue.js';
import { proofWord, roleWord, t } from './words.js';

export const AccountRoom = {
  setup: () => () => {
    const { subject, role, factor, version } = session.who;
    const needsFactor = role === 'sysadmin' && !session.who.acts;
    return [
      h(Title, { text: t('account') }),
      h('p', { class: 'lead' }, t('accountWhy')),
      h('section', { class: 'card narrow' }, [
        facts([
          [t('subject'), h('code', subject)],
          [t('role'), [roleWord(role), ' ', h('code', role)]],
          [t('may'), mayWord(session.who)],
          [t('proof'), proofWord(factor)],
          [t('sessionUntil'), session.until > 0 ? moment(session.until) : t('noSession')],
          [t('region'), regionName()],
          [t('version'), version],
        ]),
        h('div', { class: 'buttons' }, [
          ...(needsFactor ? [button(t('giveFactor'), raise, { type: 'primary' })] : []),
          button(t('signOut'), signOut, needsFactor ? {} : { type: 'primary', plain: true }),
        ]),
      ]),
    ];
  },
};

function mayWord({ role, acts }) {
  if (role !== 'sysadmin') return t('mayLook');
  return t(acts ? 'mayDeal' : 'mayFactor');
}
