// Where one is: behind the # of the address, so that a place can be kept and sent. Ids and filters only, nothing of anybody.

import { reactive } from './vue.js';

/** The room, the letter that is open in it, and the filters of the list. */
export const place = reactive(read());

window.addEventListener('hashchange', () => {
  Object.assign(place, read());
  window.scrollTo(0, 0);
});

/** The address of a room; filters without a value are left out. */
export function addressOf(room, filters = {}) {
  const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value));
  const text = String(query);
  return `#/${room}${text === '' ? '' : `?${text}`}`;
}

/** The address of a letter. */
export function letterAddress(id) {
  return addressOf(`letters/${encodeURIComponent(id)}`);
}

export function go(address) {
  window.location.hash = address;
}

function read() {
  const [path, query] = window.location.hash.replace(/^#\/?/, '').split('?');
  const [room, id] = path.split('/');
  return {
    room: room === 'account' ? 'account' : id ? 'letter' : 'letters',
    id: id ? decoded(id) : '',
    filters: Object.fromEntries(new URLSearchParams(query)),
  };
}

/** What people type behind the # may be anything. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
