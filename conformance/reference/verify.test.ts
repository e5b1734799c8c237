import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyBundle } from '#trust';
import { type EvidenceCase, evidenceCase } from '../../trust/testing/evidence-case.ts';
import { type CheckChanges, type EvidenceCheck, evidenceCheck } from '../../trust/testing/evidence-check.ts';
import { readStatement, verifyCheckpoint } from './documents.ts';
import { verifyEvidence } from './evidence.ts';
import { ERROR_CODES, openEnvelope, type Seal, verifyGroup, verifyReceipt } from './exchange.ts';
import { publicKey, signatureHolds } from './signed.ts';
import { sm2Z } from './sm2.ts';
import {
  beginsWith,
  leafOf,
  logLeaf,
  pathLeadsTo,
  Refused,
  readHeader,
  readLogEntry,
  readReceiptBody,
  sha256,
  sm3,
  treeRoot,
} from './wire.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const vectors = <T>(path: string) => JSON.parse(read(path)) as T;
const hex = (text: string) => Buffer.from(text, 'hex');
const hexes = (texts: readonly string[]) => texts.map(hex);

/** The code that the run is refused with; `ok` when it is not. */
function outcome(run: () => unknown): string {
  try {
    run();
    return 'ok';
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}

interface SealText {
  signed_root: string;
  leaf_index: number;
  tree_size: number;
  inclusion_path: string[];
}
const sealOf = (seal: SealText): Seal => ({
  signedRoot: seal.signed_root,
  leafIndex: seal.leaf_index,
  treeSize: seal.tree_size,
  path: hexes(seal.inclusion_path),
});

describe('the vectors of hashes, trees and messages', () => {
  it('gives the recorded hashes, roots and paths', () => {
    const file = vectors<{
      envelope_leaf: { header: string; leaf: string };
      receipt_leaf: { body: string; leaf: string };
      payload_digest: { salt: string; payload: string; digest: string };
      log_leaf: { entry: string; leaf: string };
      trees: { leaves: string[]; root: string; paths: string[][] }[];
    }>('proto/vectors/hashes.json');
    expect(leafOf(sha256, hex(file.envelope_leaf.header)).toString('hex')).toBe(file.envelope_leaf.leaf);
    expect(leafOf(sha256, hex(file.receipt_leaf.body)).toString('hex')).toBe(file.receipt_leaf.leaf);
    const { salt, payload, digest } = file.payload_digest;
    expect(sha256(hex(salt), hex(payload)).toString('hex')).toBe(digest);
    expect(logLeaf(sha256, hex(file.log_leaf.entry)).toString('hex')).toBe(file.log_leaf.leaf);
    for (const { leaves, root, paths } of file.trees) {
      expect(treeRoot(sha256, hexes(leaves)).toString('hex')).toBe(root);
      for (const [index, path] of paths.entries())
        expect(pathLeadsTo(sha256, hex(root), hex(leaves[index]!), index, leaves.length, hexes(path))).toBe(true);
    }
  });

  it('reads the recorded headers, receipts and log entries', () => {
    const { messages } = vectors<{ messages: { name: string; message: Record<string, unknown>; bytes: string }[] }>(
      'proto/vectors/codec.json',
    );
    const readers: Record<string, (bytes: Buffer) => Record<string, unknown>> = {
      EnvelopeHeader: readHeader,
      ReceiptBody: readReceiptBody,
      LogEntry: readLogEntry,
    };
    const enums: Record<string, number> = { OUTCOME_REJECTED: 2, LOG_ENTRY_KIND_RECEIPT_RECEIVED: 3 };
    const known = messages.filter(({ name }) => readers[name] !== undefined);
    expect(known.length).toBeGreaterThanOrEqual(3);
    for (const { name, message, bytes } of known) {
      const got = Object.entries(readers[name]!(hex(bytes)));
      const plain = got.map(([key, value]) => [key, Buffer.isBuffer(value) ? { bytes: value.toString('hex') } : value]);
      const wanted = Object.entries(message).map(([key, value]) => [key, enums[String(value)] ?? value]);
      expect(Object.fromEntries(plain)).toEqual(Object.fromEntries(wanted));
    }
  });

  it.each([
    ['sha256', sha256],
    ['sm3', sm3],
  ])('judges the proofs of a log as recorded under %s', (name, H) => {
    type Inclusion = { index: number; size: number; leaf: string; path: string[]; root: string };
    type Growth = { old_size: number; old_root: string; new_size: number; new_root: string; proof: string[] };
    type Proofs = { inclusion: Inclusion[]; consistency: Growth[] };
    const file = vectors<Proofs & { entries: string[]; leaves: string[]; roots: string[]; bad: Proofs }>(
      `trust/vectors/log-${name}.json`,
    );
    const included = (one: Inclusion) =>
      pathLeadsTo(H, hex(one.root), hex(one.leaf), one.index, one.size, hexes(one.path));
    const grown = (one: Growth) =>
      beginsWith(
        H,
        { size: one.old_size, root: hex(one.old_root) },
        { size: one.new_size, root: hex(one.new_root) },
        hexes(one.proof),
      );
    expect(file.entries.map((entry) => logLeaf(H, hex(entry)).toString('hex'))).toEqual(file.leaves);
    for (const [size, root] of file.roots.entries())
      expect(treeRoot(H, hexes(file.leaves.slice(0, size))).toString('hex')).toBe(root);
    expect(file.inclusion.map(included)).not.toContain(false);
    expect(file.consistency.map(grown)).not.toContain(false);
    expect(file.bad.inclusion.map(included)).not.toContain(true);
    expect(file.bad.consistency.map(grown)).not.toContain(true);
  });

  it('verifies the published signature of SM2 and no other', () => {
    const file = vectors<{
      jwk: object;
      kid: string;
      user_digest: string;
      message: string;
      signature: string;
      bad: { what: string; signature: string }[];
      hashes: { text: string; sm3: string }[];
    }>('trust/vectors/signature-sm2-sm3.json');
    const key = publicKey(file.jwk)!;
    const holds = (signature: string) => signatureHolds(key, Buffer.from(file.message), hex(signature));
    expect([key.kid, sm2Z(key.point).toString('hex')]).toEqual([file.kid, file.user_digest]);
    expect(holds(file.signature)).toBe(true);
    for (const { what, signature } of file.bad) expect([what, holds(signature)]).toEqual([what, false]);
    for (const { text, sm3: digest } of file.hashes) expect(sm3(Buffer.from(text)).toString('hex')).toBe(digest);
  });

  it('knows the codes of the closed table', () => {
    const table = read('proto/README.md')
      .split('\n## ')
      .find((section) => section.startsWith('错误码'));
    const codes = [...(table ?? '').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code);
    expect([...ERROR_CODES].sort()).toEqual(codes.sort());
  });
});

describe.each(['es256', 'ed25519', 'sm2-sm3'])('the vectors of %s', (suite) => {
  it('opens the recorded envelopes and refuses the bad ones', () => {
    type Fields = { header: string; payload: string; payload_salt: string; leaf: string };
    const file = vectors<{
      statement: string;
      recipient: string;
      now: number;
      batch: { signed_root: string; envelopes: Fields[] };
      single: Fields & { seal: SealText };
      bad: (Fields & { seal: SealText; what: string; code: string; now: number })[];
    }>(`trust/vectors/envelope-${suite}.json`);
    const sender = readStatement(file.statement);
    const open = (fields: Fields, seal: SealText, now: number, headers?: Buffer[]) => {
      const [header, payload, salt] = [hex(fields.header), hex(fields.payload), hex(fields.payload_salt)];
      return openEnvelope({ header, payload, salt, seal: sealOf(seal) }, sender, file.recipient, now, headers);
    };
    const group = { signed_root: file.batch.signed_root, leaf_index: 0, tree_size: 0, inclusion_path: [] };
    const headers = file.batch.envelopes.map(({ header }) => hex(header));
    for (const fields of file.batch.envelopes)
      expect(open(fields, group, file.now, headers).leaf.toString('hex')).toBe(fields.leaf);
    expect(outcome(() => open(file.batch.envelopes[0]!, group, file.now, headers.slice(1)))).toBe('ROOT_MISMATCH');
    expect(open(file.single, file.single.seal, file.now).leaf.toString('hex')).toBe(file.single.leaf);
    const got = file.bad.map((bad) => [bad.what, outcome(() => open(bad, bad.seal, bad.now))]);
    expect(got).toEqual(file.bad.map(({ what, code }) => [what, code]));
  });

  it('takes the recorded receipts and refuses the bad ones', () => {
    type Fields = { body: string; leaf: string; seal: SealText };
    const file = vectors<{
      statement: string;
      issuer: string;
      audience: string;
      envelope: { id: string; leaf: string; conversation: string; sequence: number };
      group: { signed_root: string; receipts: string[] };
      single: Fields;
      bad: (Fields & { what: string; code: string })[];
    }>(`trust/vectors/receipt-${suite}.json`);
    const issuer = readStatement(file.statement);
    const { id: envelopeId, leaf, ...rest } = file.envelope;
    const about = { issuer: file.issuer, audience: file.audience, envelopeId, leaf: hex(leaf), ...rest };
    const take = ({ body, seal }: Fields) => verifyReceipt(hex(body), sealOf(seal), issuer, about);
    const group = (bodies: Buffer[]) =>
      outcome(() => verifyGroup(file.group.signed_root, 'tongban-receipts+jws', bodies, issuer, 'history'));
    expect(group(hexes(file.group.receipts))).toBe('ok');
    expect(group(hexes(file.group.receipts).reverse())).toBe('ROOT_MISMATCH');
    expect(outcome(() => take(file.single))).toBe('ok');
    const got = file.bad.map((bad) => [bad.what, outcome(() => take(bad))]);
    expect(got).toEqual(file.bad.map(({ what, code }) => [what, code]));
  });

  it('verifies the recorded checkpoint and refuses the bad ones', () => {
    const file = vectors<{
      statement: string;
      at: number;
      note_text: string;
      region: string;
      epoch: number;
      size: number;
      root: string;
      bad: { what: string; note_text: string; at: number; code: string }[];
    }>(`trust/vectors/checkpoint-${suite}.json`);
    const statement = readStatement(file.statement);
    const { region, epoch, size, root } = file;
    const state = { region, epoch, size, root: hex(root) };
    expect(verifyCheckpoint(file.note_text, statement, file.at)).toMatchObject(state);
    const got = file.bad.map(({ what, note_text, at }) => [
      what,
      outcome(() => verifyCheckpoint(note_text, statement, at)),
    ]);
    expect(got).toEqual(file.bad.map(({ what, code }) => [what, code]));
  });

  it('verifies the recorded bundle and finds the first fault of the bad ones', () => {
    const file = vectors<{
      statements: string[];
      bundle: object;
      timeline: object[];
      bad: { what: string; path: (string | number)[]; value: unknown; where: string; code: string }[];
    }>(`trust/vectors/bundle-${suite}.json`);
    const good = verifyEvidence(JSON.stringify(file.bundle), file.statements);
    expect(good).toEqual({ verified: true, faults: [], notes: [], envelopes: file.timeline });
    const got = file.bad.map(({ what, path, value }) => {
      const report = verifyEvidence(JSON.stringify(withValue(file.bundle, path, value)), file.statements);
      const [fault] = report.faults;
      return [what, report.verified, fault?.where, fault?.code];
    });
    expect(got).toEqual(file.bad.map(({ what, where, code }) => [what, false, where, code]));
  });
});

describe.each(['es256', 'ed25519', 'sm2-sm3'])('the recorded check of %s', (suite) => {
  it('verifies, and the first fault of every bad one is found', () => {
    const file = vectors<{
      statements: string[];
      bundle: object;
      check: object;
      bad: { what: string; path: (string | number)[]; value?: unknown; where: string; code: string }[];
    }>(`trust/vectors/check-${suite}.json`);
    const good = verifyEvidence(JSON.stringify(file.bundle), file.statements);
    expect(good).toEqual({ verified: true, faults: [], notes: [], envelopes: [], check: file.check });
    const got = file.bad.map(({ what, path, value }) => {
      const report = verifyEvidence(JSON.stringify(withValue(file.bundle, path, value)), file.statements);
      const [fault] = report.faults;
      return [what, report.verified, fault?.where, fault?.code];
    });
    expect(got).toEqual(file.bad.map(({ what, where, code }) => [what, false, where, code]));
  });
});

function withValue(bundle: object, path: readonly (string | number)[], value: unknown): object {
  const copy = structuredClone(bundle);
  let parent = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) parent = parent[key] as typeof parent;
  parent[path.at(-1)!] = value;
  return copy;
}

/** Every text and number of a JSON value with its path. */
function leaves(value: unknown, path: (string | number)[] = []): [(string | number)[], string | number][] {
  if (typeof value === 'string' || typeof value === 'number') return [[path, value]];
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value as object);
  return entries.flatMap(([key, one]) => leaves(one, [...path, key]));
}

describe('beside the product’s own verifier', () => {
  const cases: EvidenceCase[] = [];
  beforeAll(async () => {
    cases.push(await evidenceCase('ES256', 'receiving'), await evidenceCase('Ed25519', 'handling'));
    cases.push(
      await evidenceCase('SM2-SM3', 'handling', 'ES256'),
      await evidenceCase('Ed25519', 'receiving', 'SM2-SM3'),
    );
  });

  /** Verdict, first fault and timeline of both verifiers. */
  async function both({ exporter, peer }: EvidenceCase, text: string, now?: number) {
    const options = now === undefined ? {} : { now };
    const ours = verifyEvidence(text, [exporter.jwt, peer.jwt], options);
    const product = await verifyBundle(text, [exporter.statement, peer.statement], options);
    return {
      ours: { verified: ours.verified, timeline: ours.envelopes, first: pick(ours.faults) },
      product: { verified: product.verified, timeline: product.timeline, first: pick(product.faults) },
    };
  }
  const pick = (faults: readonly { where: string; code: string }[]) =>
    faults.slice(0, 1).map(({ where, code }) => ({ where, code }));

  it('verifies fresh bundles of either side with the same timeline', async () => {
    for (const one of cases) {
      const { ours, product } = await both(one, one.text);
      expect(ours.first).toEqual([]);
      expect(ours.timeline.length).toBeGreaterThan(0);
      expect(ours).toEqual(product);
    }
  });

  it('refuses a change in every kind of value, as the product does', async () => {
    const [one] = cases;
    const bundle = JSON.parse(one!.text) as { envelopes: unknown[] };
    const places = leaves(bundle).filter(
      ([path]) => path[0] !== 'exported_at' && (path[0] !== 'envelopes' || path[1] === 0),
    );
    expect(places.length).toBeGreaterThan(20);
    for (const [path, value] of places) {
      const changed = typeof value === 'number' ? value + 1 : flip(value, Math.floor(value.length / 2), 'Q');
      const { ours, product } = await both(one!, JSON.stringify(withValue(bundle, path, changed)));
      expect({ path, ...ours }).toEqual({ path, ...product });
      expect(ours.verified).toBe(false);
    }
  });

  it('takes erased payloads, and gives the same first fault for what is missing, moved or too much', async () => {
    const [one] = cases;
    type Loose = { [name: string]: unknown; envelopes: { [name: string]: unknown; log: unknown[] }[] };
    const changes: ((bundle: Loose) => void)[] = [
      (bundle) => bundle.envelopes.reverse(),
      (bundle) => bundle.envelopes.pop(),
      (bundle) => Object.assign(bundle, { exported_at: 1 }),
      (bundle) => Object.assign(bundle, { statements: [] }),
      (bundle) => Object.assign(bundle, { authorizations: [{}] }),
      (bundle) => Object.assign(bundle.envelopes[0]!, { payload_salt: 'AAAA' }),
      (bundle) => Object.assign(bundle.envelopes[0]!, { header: '' }),
      (bundle) => bundle.envelopes[0]!.log.reverse(),
      (bundle) => delete bundle.envelopes[0]!['payload'],
      (bundle) => delete bundle['checkpoint'],
      ({ envelopes }) => {
        for (const name of ['payload', 'payload_salt']) delete envelopes[0]![name];
      },
    ];
    for (const change of changes) {
      const bundle = JSON.parse(one!.text) as Loose;
      change(bundle);
      const { ours, product } = await both(one!, JSON.stringify(bundle));
      expect({ change: String(change), ...ours }).toEqual({ change: String(change), ...product });
    }
    for (const text of ['', 'null', '[]', '{', `\ufeff${one!.text}`, one!.text.replace('{', '{"__proto__":1,')]) {
      const { ours, product } = await both(one!, text);
      expect(ours.verified).toBe(product.verified);
    }
    const { exported_at } = JSON.parse(one!.text) as { exported_at: number };
    for (const late of [300_000, 300_001]) {
      const { ours, product } = await both(one!, one!.text, exported_at - late);
      expect(ours).toEqual(product);
      expect(ours.verified).toBe(late === 300_000);
    }
  });

  it('gives the same verdict for a flip of any character', async () => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_+/=.,:{}[]" \\—'.split('');
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: cases.length - 1 }),
        fc.nat({ max: 1_000_000 }),
        fc.constantFrom(...alphabet),
        async (which, at, letter) => {
          const one = cases[which]!;
          const text = flip(one.text, Math.floor((at / 1_000_001) * one.text.length), letter);
          const { ours, product } = await both(one, text);
          expect(ours.verified).toBe(product.verified);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('checks beside the product’s own verifier', () => {
  const made: EvidenceCheck[] = [];
  beforeAll(async () => {
    made.push(await evidenceCheck('ES256', 'asker'), await evidenceCheck('Ed25519', 'answerer'));
    made.push(await evidenceCheck('SM2-SM3', 'answerer', 'ES256'), await evidenceCheck('ES256', 'asker', 'SM2-SM3'));
  });

  /** Verdict, first fault and what is proved, by both verifiers. */
  async function both({ exporter, peer }: EvidenceCheck, text: string) {
    const ours = verifyEvidence(text, [exporter.jwt, peer.jwt]);
    const product = await verifyBundle(text, [exporter.statement, peer.statement]);
    return [ours, product].map(({ verified, check, faults }) => {
      return { verified, check, first: faults.slice(0, 1).map(({ where, code }) => ({ where, code })) };
    });
  }

  it('verifies fresh bundles of either side, with the same words', async () => {
    for (const one of made) {
      const [ours, product] = await both(one, one.text);
      expect(ours).toMatchObject({ verified: true, check: { status: 'CERTIFICATE_STATUS_VALID' } });
      expect(ours).toEqual(product);
    }
  });

  it('refuses a change in every kind of value, as the product does', async () => {
    for (const one of made.slice(0, 2)) {
      const bundle = JSON.parse(one.text) as object;
      const places = leaves(bundle).filter(([path]) => path[0] !== 'exported_at');
      expect(places.length).toBeGreaterThan(20);
      for (const [path, value] of places) {
        const changed = typeof value === 'number' ? value + 1 : flip(value, Math.floor(value.length / 2), 'Q');
        const [ours, product] = await both(one, JSON.stringify(withValue(bundle, path, changed)));
        expect({ path, ...ours }).toEqual({ path, ...product });
        expect(ours!.verified).toBe(false);
      }
    }
  });

  it('takes payloads that were left out, with their salts', async () => {
    const [one] = made;
    const without = (...paths: [string, string][]) => {
      const bundle = JSON.parse(one!.text) as Record<string, Record<string, unknown>>;
      for (const [side, member] of paths) delete bundle[side]![member];
      return both(one!, JSON.stringify(bundle));
    };
    const half = await without(['answer', 'payload'], ['answer', 'payload_salt']);
    expect(half[0]).toMatchObject({ verified: true, check: { from: '320600', to: '150626' } });
    expect(half[0]!.check).not.toHaveProperty('status');
    expect(half[0]).toEqual(half[1]);
    const torn = await without(['question', 'payload_salt']);
    expect(torn[0]).toMatchObject({ verified: false, first: [{ where: 'question', code: 'BUNDLE_INVALID' }] });
    expect(torn[0]).toEqual(torn[1]);
  });

  it('gives the same first fault for messages that are signed and do not belong together', async () => {
    const changes: { question?: CheckChanges; answer?: CheckChanges }[] = [
      { answer: { payload: { identifier: 'x', status: 'CERTIFICATE_STATUS_VALID', answeredAt: 1 } } },
      { answer: { name: 'DataAnswer', payload: { kind: 'x' } } },
      { answer: { header: { conversation: '0f9e8d7c-6b5a-4c3d-8e1f-a0b1c2d3e4f5' } } },
      { answer: { header: { authorizationId: '', authorizationDigest: Buffer.alloc(0) } } },
      { answer: { header: { inReplyTo: '' } } },
      { answer: { header: { recipient: '350500' } } },
      { question: { header: { sequence: 1 } } },
      { question: { header: { inReplyTo: '0f9e8d7c-6b5a-7c3d-8e1f-a0b1c2d3e4f5' } } },
      { question: { name: 'Ping', payload: {} } },
      {
        question: { name: 'DataQuestion', payload: { kind: 'a' } },
        answer: { name: 'DataAnswer', payload: { kind: 'b' } },
      },
    ];
    for (const change of changes) {
      const one = await evidenceCheck('ES256', 'answerer', 'ES256', change);
      const [ours, product] = await both(one, one.text);
      expect({ change, ...ours }).toEqual({ change, ...product });
      expect(ours!.verified).toBe(false);
    }
  });

  it('gives the same verdict for a flip of any character', async () => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_+/=.,:{}[]" \\—'.split('');
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 3 }),
        fc.nat({ max: 1_000_000 }),
        fc.constantFrom(...alphabet),
        async (n, at, letter) => {
          const one = made[n]!;
          const [ours, product] = await both(
            one,
            flip(one.text, Math.floor((at / 1_000_001) * one.text.length), letter),
          );
          expect(ours!.verified).toBe(product!.verified);
        },
      ),
      { numRuns: 200 },
    );
  });
});

function flip(text: string, at: number, letter: string): string {
  return text.slice(0, at) + (text[at] === letter ? 'R' : letter) + text.slice(at + 1);
}

describe('on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'reference-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const program = fileURLToPath(new URL('verify.ts', import.meta.url));
  const run = (...files: string[]) => spawnSync(process.execPath, [program, ...files], { encoding: 'utf8' });

  it('prints a report and exits with 0, 1 or 2', () => {
    const file = vectors<{ statements: string[]; bundle: object }>('trust/vectors/bundle-ed25519.json');
    const save = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const [first, second] = file.statements.map((jwt, index) => save(`${index}.jwt`, `${jwt}\n`));
    const good = save('good.json', JSON.stringify(file.bundle));
    const bad = save('bad.json', JSON.stringify({ ...file.bundle, case: '00000000-0000-4000-8000-000000000000' }));
    const verified = run(good, first!, second!);
    expect([verified.status, verified.stdout.split('\n')[0]]).toEqual([0, '验证通过 Verified']);
    const refused = run(bad, first!, second!);
    expect([refused.status, refused.stdout.split('\n')[0]]).toEqual([1, '验证未通过 NOT verified']);
    expect(refused.stdout).toContain('envelopes/0/header: BUNDLE_INVALID');
    expect(run(good).status).toBe(2);
    expect(run(join(folder, 'none.json'), first!).status).toBe(2);
  });

  it('verifies a certificate and its status list, and names what is wrong', () => {
    const file = vectors<{ statement: string; certificate: string; bad: { text: string; code: string }[] }>(
      'trust/vectors/certificate-nested-sm2-sm3.json',
    );
    const save = (name: string, text: string) => {
      writeFileSync(join(folder, name), `${text}\n`);
      return join(folder, name);
    };
    const statement = save('issuer.jwt', file.statement);
    const types = fileURLToPath(new URL('trust/certificate/types/built-in.json', ROOT));
    const verify = (name: string, text: string, ...more: string[]) =>
      run('--certificate', save(name, text), '--types', types, ...more, statement);
    // Recorded with dates to come: whatever today is, the signature is good.
    const good = verify('good.sd-jwt', file.certificate);
    expect(good.stdout).toMatch(/dates: (valid|not-yet-valid)/);
    expect(good.stdout).toContain('definition: known');
    expect(good.status).toBe(good.stdout.startsWith('验证通过 Verified') ? 0 : 1);
    const [altered] = file.bad;
    const refused = verify('bad.sd-jwt', altered!.text);
    expect([refused.status, refused.stdout.includes(altered!.code)]).toEqual([1, true]);
    const unlisted = verify('good.sd-jwt', file.certificate, '--status-list', statement);
    expect([unlisted.status, unlisted.stdout.includes('STATUS_UNKNOWN')]).toEqual([1, true]);
    expect(run('--certificate', join(folder, 'good.sd-jwt')).status).toBe(2);
    expect(run('--unknown').status).toBe(2);
  });
});
