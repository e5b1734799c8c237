// Who is signed in. Tokens live in this module and nowhere else: no cookie, no storage, no address has them, so that a
// foreign page has nothing to ride on and a closed page leaves nothing behind.

import { Refusal, request } from './api.js';
import { reactive } from './vue.js';

/** Milliseconds without a key or a pointer, after which the tokens are dropped. */
const IDLE_MS = 15 * 60 * 1000;
const LOOK_MS = 15_000;
const SESSION_PREFIX = 'tbs_';

/** The token that was given, and the one that is used: an administrator's session has its own. */
let given = '';
let used = '';
let lastUse = Date.now();
/** Counts what ends a sign-in that is still under way. */
let endings = 0;

export const session = reactive({
  /** What the gateway says of the token; undefined before somebody signed in. */
  who: undefined,
  /** When his session ends, in ms; 0 for a token that is used as it is. */
  until: 0,
  /** Why he is asked again, over the place where he is: `ended`, `idle`, `factor`; empty when he is not. */
  asking: '',
  /** Counts sign-ins: whoever shows something asks for it anew. */
  era: 0,
});

/** Whether a token is still here, with which another session can be opened. */
export function hasGiven() {
  return given !== '';
}

/**
 * Signs in, or again.
 *
 * @param {{token: string, way: 'look' | 'code' | 'certificate', code: string}} wish an empty token: the one given before
 * @throws Refusal; nothing has changed then
 */
export async function signIn({ token, way, code }) {
  const shown = token || given;
  const begun = endings;
  let next = shown;
  let until = 0;
  if (way !== 'look') {
    const opened = await request(shown, 'POST', 'sessions', way === 'code' ? { code } : {});
    next = opened.token;
    until = opened.expiresAt;
  }
  const who = await whoHas(next);
  // He signed out, or went away, while he waited.
  if (begun !== endings) return endAtGateway(next);
  const before = used;
  given = shown;
  used = next;
  lastUse = Date.now();
  Object.assign(session, { who, until, asking: '', era: session.era + 1 });
  if (before !== next) endAtGateway(before);
}

/** @throws Refusal; a session that nobody can use is not left open */
async function whoHas(token) {
  try {
    const who = await request(token, 'GET', 'sessions/current');
    if (who.role === 'platform') throw new Refusal({ status: 403, code: 'PLATFORM_TOKEN', detail: '' });
    return who;
  } catch (refusal) {
    await endAtGateway(token);
    throw refusal;
  }
}

/** Forgets the tokens, and ends the session at the gateway. */
export async function signOut() {
  const before = used;
  forget();
  Object.assign(session, { who: undefined, until: 0, asking: '' });
  await endAtGateway(before);
}

/** Asks as whoever is signed in. @throws Refusal */
export async function call(method, path, body) {
  const token = used;
  try {
    return await request(token, method, path, body);
  } catch (refusal) {
    // What was asked with an earlier token says nothing of this one.
    if (token !== used) throw refusal;
    if (refusal.status === 401) {
      // A token that is used as it is has ended itself; a session can be opened anew.
      if (used === given) given = '';
      session.asking = 'ended';
    } else if (refusal.code === 'SECOND_FACTOR_REQUIRED') session.asking = 'factor';
    throw refusal;
  }
}

/** Asks for the second factor, so that an administrator who only looks may act. */
export function raise() {
  session.asking = 'factor';
}

/** He goes on as he is, without the second factor. */
export function stayAsIs() {
  if (session.asking === 'factor') session.asking = '';
}

/** Drops the tokens once nobody has used the page for a while, or has left it. */
export function watchUse() {
  for (const event of ['keydown', 'pointerdown', 'wheel'])
    document.addEventListener(event, () => noteUse(), { passive: true, capture: true });
  setInterval(dropWhenIdle, LOOK_MS);
  document.addEventListener('visibilitychange', dropWhenIdle);
  // A browser may keep the page as it was for the way back.
  window.addEventListener('pagehide', ({ persisted }) => persisted && drop());
}

function noteUse() {
  dropWhenIdle();
  lastUse = Date.now();
}

function dropWhenIdle() {
  if (Date.now() - lastUse >= IDLE_MS) drop();
}

function drop() {
  if (!session.who || (given === '' && used === '')) return;
  const before = used;
  forget();
  session.asking = 'idle';
  endAtGateway(before);
}

function forget() {
  endings += 1;
  given = '';
  used = '';
}

/** Only administrators' sessions are something that the gateway can end; where it cannot be reached they end by themselves. */
async function endAtGateway(token) {
  if (token.startsWith(SESSION_PREFIX)) await request(token, 'DELETE', 'sessions/current').catch(() => undefined);
}
