import fc from 'fast-check';
import type { Signer } from '#trust';
import { sha256, sm3 } from '../wire.ts';

/** Certificates as their issuer could have written them, well or badly, for holding two verifiers against each other. */

type Name = string | number;
type Place = readonly Name[];

/** A certificate before it is signed. */
export interface Draft {
  readonly header: Readonly<Record<string, unknown>>;
  /** All claims, in the open. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Which of them become disclosures; null stands for every entry of a list. */
  readonly hidden: readonly (readonly (string | null)[])[];
  /** Claims of a key binding; without `sd_hash` the right one is added. */
  readonly binding?: Readonly<Record<string, unknown>>;
}

const SALT = 'c2FsdHNhbHRzYWx0c2FsdA';
const DECOY = 'A'.repeat(43);
const DEEP = (levels: number): unknown => (levels === 0 ? 1 : [DEEP(levels - 1)]);

/** Values that stand where others should. */
const ODD: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 2 ** 53, 946_684_799, 1_795_132_800, 7_258_118_401, '', ' ', 'x', 'x\ty', 'x\u0000'],
  ...['\ud800', '\ufffd', '长期', '001', '111', '002', '2026-11-20', '2026-02-30', '2026-11-20T08:00:00+08:00'],
  ...['x'.repeat(41), 'x'.repeat(101), 'x'.repeat(501), 'x'.repeat(4001), '\u{20bb7}'.repeat(2001), '150626', '320600'],
  ...['urn:tongban:region:150626', 'urn:tongban:region:320600', 'http://a.example/1', 'HTTP://a.example', 'ftp://a/'],
  ...['http://u@a.example/', 'http://a.example/#x', '11105519491231002X', '11010519491231002X', '2026-13', DECOY],
  ...[`${'A'.repeat(42)}B`, 'sha-256', 'sm3', 'sha-512', [], [null], [1, 'x'], {}, { a: 1 }, { 'A-': 1 }, DEEP(5)],
  ...[DEEP(14), DEEP(15), DEEP(16), DEEP(17), { '...': DECOY }, { '...': 1 }, { '...': DECOY, a: 1 }, { _sd: [] }],
  ...[{ _sd: [DECOY] }, { _sd: 'x' }, { _sd: [1] }, { _sd: [DECOY, DECOY] }, { _sd_alg: 'sha-256' }, [DECOY, DECOY]],
  ...[{ jwk: { kty: 'EC' } }, { status_list: { idx: 0, uri: 'https://a.example/1' } }, { status_list: { idx: 0 } }],
  ...[Array.from({ length: 51 }, () => 1), Array.from({ length: 201 }, () => 1)],
  Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`m${n}`, n])),
];

const NAMES: readonly string[] = [
  ...['_sd', '...', '_sd_alg', '__proto__', 'constructor', 'a', 'A', 'x-y', 'd', 'exp', 'jti', 'status', 'cnf', 'vct'],
  ...['vct#integrity', 'field_x', 'field_X', 'field_certificate_x', 'field_', 'certificate_version', 'employer'],
  ...['certificate_copy_of', 'certificate_copy_cause', 'certificate_other_holders', 'certificate_holder_code'],
  ...[
    'certificate_define_authority_code',
    'related_case_number',
    'months_paid',
    'field_months_paid',
    'aggregation_uri',
  ],
];

/** One change of a draft. */
export interface Change {
  readonly kind: 'replace' | 'remove' | 'add' | 'move' | 'hide' | 'show' | 'repeat' | 'header';
  readonly at: number;
  readonly other: number;
  readonly name: string;
  readonly value: unknown;
}

export const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('replace', 'replace', 'remove', 'add', 'move', 'hide', 'show', 'repeat', 'header'),
  at: fc.nat({ max: 1_000_000 }),
  other: fc.nat({ max: 1_000_000 }),
  name: fc.constantFrom(...NAMES),
  value: fc.constantFrom(...ODD),
});

/** The draft with one thing in another way; the claims of a key binding count as a part of it. */
export function changed(draft: Draft, { kind, at, other, name, value }: Change): Draft {
  if (kind === 'header') {
    const members = { ...draft.header, [['alg', 'kid', 'typ', 'b64', 'x'][at % 5]!]: value };
    return { ...draft, header: members };
  }
  const tree = structuredClone({ claims: draft.claims, ...(draft.binding && { binding: draft.binding }) });
  const places = placesOf(tree).filter((place) => place.length > 1);
  const place = places[at % places.length]!;
  const another = places[other % places.length]!;
  const holder = valueAt(tree, place.slice(0, -1)) as Record<Name, unknown>;
  const last = place.at(-1)!;
  const path = place.slice(1).map((step) => (typeof step === 'number' ? null : step));
  const hidden = { hide: [...draft.hidden, path], show: draft.hidden.filter((one) => `${one}` !== `${path}`) };
  if (kind === 'hide' || kind === 'show') return place[0] === 'claims' ? { ...draft, hidden: hidden[kind] } : draft;
  const inside = valueAt(tree, place);
  if (kind === 'replace') set(holder, last, value);
  else if (kind === 'move') set(holder, last, structuredClone(valueAt(tree, another)));
  else if (kind === 'remove') Array.isArray(holder) ? holder.splice(Number(last), 1) : delete holder[last];
  else if (Array.isArray(inside)) inside.push(kind === 'repeat' ? structuredClone(inside[0] ?? value) : value);
  else if (typeof inside === 'object' && inside !== null) set(inside as Record<Name, unknown>, name, value);
  else set(tree.claims as Record<Name, unknown>, name, value);
  return { ...draft, ...tree };
}

/** A certificate as text, in pieces. */
export interface Written {
  readonly jwt: string;
  readonly disclosures: readonly string[];
  /** Empty without a key binding. */
  readonly binding: string;
}

/** Signs a draft, whatever it says. */
export async function written(draft: Draft, issuer: Signer, holder: Signer): Promise<Written> {
  const H = issuer.suite === 'SM2-SM3' ? sm3 : sha256;
  const disclosures: string[] = [];
  const disclose = (parts: readonly unknown[]): string => {
    const text = Buffer.from(JSON.stringify(parts)).toString('base64url');
    disclosures.push(text);
    return H(Buffer.from(text)).toString('base64url');
  };
  const claims = conceal(draft.claims, draft.hidden, disclose);
  const jwt = await signed(draft.header, claims as object, issuer);
  if (draft.binding === undefined) return { jwt, disclosures, binding: '' };
  const bound = `${[jwt, ...disclosures].join('~')}~`;
  const sdHash = (draft.claims['_sd_alg'] === 'sm3' ? sm3 : sha256)(Buffer.from(bound)).toString('base64url');
  const header = { alg: holder.suite, typ: 'kb+jwt' };
  const binding = await signed(header, { sd_hash: sdHash, ...draft.binding }, holder);
  return { jwt, disclosures, binding };
}

export function textOf({ jwt, disclosures, binding }: Written): string {
  return `${[jwt, ...disclosures].join('~')}~${binding}`;
}

/** The text with something about its pieces in another way, which its signatures do not cover. */
export const handling: fc.Arbitrary<(one: Written) => string> = fc.oneof(
  fc.constant(textOf),
  fc.nat().map((mask) => (one: Written) => {
    const kept = one.disclosures.filter((_, index) => ((mask >> (index % 30)) & 1) === 1);
    return textOf({ ...one, disclosures: kept });
  }),
  fc.tuple(fc.nat(), fc.nat()).map(([from, to]) => (one: Written) => {
    const disclosures = [...one.disclosures];
    if (disclosures.length > 0) disclosures.splice(to % disclosures.length, 0, disclosures[from % disclosures.length]!);
    return textOf({ ...one, disclosures });
  }),
  fc.nat().map(() => (one: Written) => textOf({ ...one, disclosures: one.disclosures.toReversed() })),
  fc.constantFrom(...ODD).map((value) => (one: Written) => {
    const strange = Buffer.from(JSON.stringify([SALT, 'field_x', value])).toString('base64url');
    return textOf({ ...one, disclosures: [...one.disclosures, strange] });
  }),
);

/** The text with a character in another way, or cut: one such thing may be several faults. */
export const garbling: fc.Arbitrary<(one: Written) => string> = fc.oneof(
  fc.tuple(fc.nat(), fc.constantFrom(...'~.=-_AQgw09 é')).map(([at, letter]) => (one: Written) => {
    const text = textOf(one);
    const place = at % text.length;
    return text.slice(0, place) + letter + text.slice(place + 1);
  }),
  fc.nat().map((at) => (one: Written) => textOf(one).slice(0, at % textOf(one).length)),
);

function conceal(
  value: unknown,
  hidden: Draft['hidden'],
  disclose: (parts: readonly unknown[]) => string,
  path: readonly (string | null)[] = [],
): unknown {
  const isHidden = (at: readonly (string | null)[]) => hidden.some((one) => `${one}` === `${at}`);
  if (Array.isArray(value)) {
    const each = [...path, null];
    const entries = value.map((entry) => conceal(entry, hidden, disclose, each));
    return isHidden(each) ? entries.map((entry) => ({ '...': disclose([SALT, entry]) })) : entries;
  }
  if (typeof value !== 'object' || value === null) return value;
  const digests: string[] = [];
  const open: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const at = [...path, name];
    const inner = conceal(member, hidden, disclose, at);
    if (isHidden(at)) digests.push(disclose([SALT, name, inner]));
    else open.push([name, inner]);
  }
  const listed = open.find(([name]) => name === '_sd')?.[1];
  const all = [...(Array.isArray(listed) ? listed : []), ...digests];
  return Object.fromEntries(digests.length > 0 ? [...open.filter(([name]) => name !== '_sd'), ['_sd', all]] : open);
}

async function signed(header: object, claims: object, signer: Signer): Promise<string> {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${(await signer.sign(Buffer.from(input))).toString('base64url')}`;
}

function placesOf(value: unknown, place: Place = []): Place[] {
  if (typeof value !== 'object' || value === null) return [place];
  const entries: [Name, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [place, ...entries.flatMap(([name, member]) => placesOf(member, [...place, name]))];
}

function valueAt(value: unknown, place: Place): unknown {
  return place.reduce((inner, name) => (inner as Record<Name, unknown>)[name], value);
}

/** Sets a member of its own, whatever its name. */
function set(object: Record<Name, unknown>, name: Name, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}
