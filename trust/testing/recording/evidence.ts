import { createHash } from 'node:crypto';
import { encode, logLeaf } from '#proto';
import { SAMPLE_TIME } from '../../../proto/testing/payload-samples.ts';
import { inclusionPath, merkleRoot } from '../../envelope/merkle.ts';
import { verifyBundle } from '../../evidence/bundle.ts';
import { signCheckpoint } from '../../evidence/checkpoint.ts';
import { logConsistencyProof, type TileReader } from '../../evidence/log.ts';
import { type SuiteName, suiteOf } from '../../suites.ts';
import { evidenceCase } from '../evidence-case.ts';
import { evidenceCheck } from '../evidence-check.ts';
import { throwawayRegion } from '../throwaway-region.ts';
import { flipText, hex } from './forge.ts';

const REGION = '320600';

/** A log of 20 entries with its roots and proofs, under the hash of a suite. */
export async function recordLog(suite: SuiteName): Promise<object> {
  const { hash, hashName } = suiteOf(suite);
  const entries = Array.from({ length: 20 }, (_, index) =>
    encode('LogEntry', {
      version: 1,
      kind: index % 2 ? 'LOG_ENTRY_KIND_RECEIPT_RECEIVED' : 'LOG_ENTRY_KIND_ENVELOPE_SENT',
      subject: createHash('sha256').update(`subject ${index}`).digest(),
      peer: '150626',
      at: SAMPLE_TIME + index,
    }),
  );
  const leaves = entries.map((entry) => logLeaf(hash, entry));
  const reader: TileReader = { leaves: async (from, count) => leaves.slice(from, from + count), nodes: async () => [] };
  const rootOf = (size: number) => hex(merkleRoot(hash, leaves.slice(0, size)));
  const inclusion = [1, 2, 7, 8, 13, 20].flatMap((size) =>
    [...new Set([0, size >> 1, size - 1])].map((index) => {
      const path = inclusionPath(hash, leaves.slice(0, size), index).map(hex);
      return { index, size, leaf: hex(leaves[index]!), path, root: rootOf(size) };
    }),
  );
  const consistency = [];
  for (const [older, newer] of [
    [0, 20],
    [1, 20],
    [4, 7],
    [6, 8],
    [7, 20],
    [8, 20],
    [13, 20],
    [16, 20],
    [20, 20],
  ] as const) {
    const proof = (await logConsistencyProof(hash, older, newer, reader)).map(hex);
    consistency.push({ old_size: older, old_root: rootOf(older), new_size: newer, new_root: rootOf(newer), proof });
  }
  const path = inclusion.at(-2)!;
  const growth = consistency[4]!;
  return {
    note: `${hashName.toUpperCase()}. Every proof of inclusion and consistency verifies; those under bad fail with LOG_PROOF_INVALID.`,
    entries: entries.map(hex),
    leaves: leaves.map(hex),
    roots: Array.from({ length: leaves.length + 1 }, (_, size) => rootOf(size)),
    inclusion,
    consistency,
    bad: {
      inclusion: [
        { ...path, leaf: flipText(path.leaf, 4) },
        { ...path, root: flipText(path.root, 4) },
        { ...path, index: path.index + 1 },
        { ...path, size: path.index },
        { ...path, path: path.path.slice(1) },
        { ...path, path: [...path.path, path.root] },
        ...path.path.map((_, at) => ({
          ...path,
          path: path.path.map((node, n) => (n === at ? flipText(node, 8) : node)),
        })),
      ],
      consistency: [
        { ...growth, old_root: flipText(growth.old_root, 4) },
        { ...growth, new_root: flipText(growth.new_root, 4) },
        { ...growth, old_size: growth.old_size + 1 },
        { ...growth, old_size: 0 },
        { ...growth, old_size: growth.new_size },
        { ...growth, proof: [] },
        { ...growth, proof: [...growth.proof, growth.new_root] },
        ...growth.proof.map((_, at) => ({
          ...growth,
          proof: growth.proof.map((node, n) => (n === at ? flipText(node, 8) : node)),
        })),
      ],
    },
  };
}

/** A checkpoint that stands and notes that must be refused. */
export async function recordCheckpoint(suite: SuiteName): Promise<object> {
  const region = await throwawayRegion(REGION, { suite, now: SAMPLE_TIME });
  const stranger = await throwawayRegion(REGION, { suite, now: SAMPLE_TIME });
  const root = createHash('sha256').update('root').digest();
  const state = { region: REGION, epoch: 2, size: 65_537, root };
  const note = await signCheckpoint(region.log, state);
  const lines = note.split('\n');
  const bad = (what: string, text: string, code = 'CHECKPOINT_INVALID', at = SAMPLE_TIME) => ({
    what,
    note_text: text,
    at,
    code,
  });
  return {
    note: 'A checkpoint that verifies under the statement at a moment, and notes that do not.',
    statement: region.jwt,
    at: SAMPLE_TIME,
    note_text: note,
    ...state,
    root: hex(root),
    bad: [
      bad('size', note.replace('65537', '65538')),
      bad('root', note.replace(lines[2]!, flipText(lines[2]!, 5))),
      bad('region', note.replaceAll(REGION, '150626')),
      bad('epoch in the text only', note.replace('/2\n', '/3\n')),
      bad('epoch everywhere', note.replaceAll('/2', '/3'), 'KEY_UNKNOWN'),
      bad('leading zero', note.replace('65537', '065537')),
      bad('signature', note.slice(0, -20) + flipText(note.slice(-20), 3)),
      bad('two signatures', `${note}${lines[4]}\n`),
      bad('extension line', note.replace('\n\n', '\nmore\n\n')),
      bad('no last line end', note.slice(0, -1)),
      bad('carriage returns', note.replaceAll('\n', '\r\n')),
      bad('key of nobody', await signCheckpoint(stranger.log, state), 'KEY_UNKNOWN'),
      bad('key not yet valid', note, 'KEY_NOT_VALID', SAMPLE_TIME - 3_600_000),
    ],
  };
}

/** A bundle that proves its case, and changes after which it does not. */
export async function recordBundle(suite: SuiteName): Promise<object> {
  const { text, exporter, peer } = await evidenceCase(suite);
  const { timeline } = await verifyBundle(text, [exporter.statement, peer.statement]);
  const bundle = JSON.parse(text);
  const [first, second] = bundle.envelopes;
  const bad = (what: string, path: readonly (string | number)[], value: unknown, where: string, code: string) => {
    return { what, path, value, where, code };
  };
  const flipped = (what: string, path: readonly (string | number)[], at: number, where: string, code: string) => {
    const old = String(path.reduce((inner, name) => inner[name], bundle));
    return bad(what, path, flipText(old, at < 0 ? old.length + at : at), where, code);
  };
  return {
    note: 'The bundle verifies under the statements given. With value at path of it, the first fault is code at where.',
    statements: [exporter.jwt, peer.jwt],
    bundle,
    timeline,
    bad: [
      flipped('header', ['envelopes', 0, 'header'], -20, 'envelopes/0/seal', 'PATH_INVALID'),
      flipped('payload', ['envelopes', 0, 'payload'], 20, 'envelopes/0/payload', 'PAYLOAD_MISMATCH'),
      flipped('salt', ['envelopes', 0, 'payload_salt'], 20, 'envelopes/0/payload', 'PAYLOAD_MISMATCH'),
      flipped('signed root', ['envelopes', 0, 'seal', 'signed_root'], -20, 'envelopes/0/seal', 'SIGNATURE_INVALID'),
      flipped('path', ['envelopes', 0, 'seal', 'inclusion_path', 0], 20, 'envelopes/0/seal', 'PATH_INVALID'),
      flipped('receipt', ['envelopes', 0, 'receipt', 'body'], 30, 'envelopes/0/receipt', 'PATH_INVALID'),
      flipped(
        'signed root of the receipt',
        ['envelopes', 0, 'receipt', 'seal', 'signed_root'],
        -20,
        'envelopes/0/receipt',
        'SIGNATURE_INVALID',
      ),
      flipped(
        'path of the receipt',
        ['envelopes', 0, 'receipt', 'seal', 'inclusion_path', 0],
        9,
        'envelopes/0/receipt',
        'PATH_INVALID',
      ),
      flipped('log entry', ['envelopes', 0, 'log', 0, 'entry'], 20, 'envelopes/0/log', 'LOG_PROOF_INVALID'),
      flipped('log path', ['envelopes', 0, 'log', 1, 'inclusion_path', 1], 20, 'envelopes/0/log', 'LOG_PROOF_INVALID'),
      flipped('checkpoint', ['checkpoint'], -20, 'checkpoint', 'CHECKPOINT_INVALID'),
      flipped('statement', ['statements', 0], -20, 'statements/0', 'SIGNATURE_INVALID'),
      flipped(
        'authorization',
        ['authorizations', 0, 'signatures', 0, 'signature'],
        20,
        'authorizations/0',
        'SIGNATURE_INVALID',
      ),
      bad(
        'receipt of another',
        ['envelopes', 0, 'receipt'],
        bundle.envelopes[2].receipt,
        'envelopes/0/receipt',
        'RECEIPT_INVALID',
      ),
      bad('log of another', ['envelopes', 0, 'log'], bundle.envelopes[2].log, 'envelopes/0/log', 'LOG_PROOF_INVALID'),
      bad('log entry too few', ['envelopes', 0, 'log'], [first.log[0]], 'envelopes/0/log', 'BUNDLE_INVALID'),
      bad(
        'log entry too many',
        ['envelopes', 1, 'log'],
        [second.log[0], second.log[0]],
        'envelopes/1/log',
        'BUNDLE_INVALID',
      ),
      bad('an envelope missing', ['envelopes'], bundle.envelopes.toSpliced(2, 1), 'envelopes', 'BUNDLE_INVALID'),
      bad('an envelope twice', ['envelopes'], [...bundle.envelopes, first], 'envelopes', 'ID_REUSED'),
      bad('no authorization', ['authorizations'], [], 'envelopes/0/authorization', 'AUTHORIZATION_UNKNOWN'),
      bad('another case', ['case'], '00000000-0000-4000-8000-000000000000', 'envelopes/0/header', 'BUNDLE_INVALID'),
      bad('another exporter', ['exported_by'], peer.region, 'checkpoint', 'CHECKPOINT_INVALID'),
      bad('unknown member', ['comment'], 'hello', 'comment', 'BUNDLE_INVALID'),
      bad('another format', ['format'], 'tongban-evidence/2', 'format', 'BUNDLE_INVALID'),
    ],
  };
}

/** The bundle of a check that proves it, and changes after which it does not. */
export async function recordCheck(suite: SuiteName, exportedBy: 'asker' | 'answerer'): Promise<object> {
  const { text, exporter, peer } = await evidenceCheck(suite, exportedBy);
  const { check } = await verifyBundle(text, [exporter.statement, peer.statement]);
  const bundle = JSON.parse(text);
  const bad = (what: string, path: readonly (string | number)[], value: unknown, where: string, code: string) => {
    return { what, path, value, where, code };
  };
  const flipped = (what: string, path: readonly (string | number)[], at: number, where: string, code: string) => {
    const old = String(path.reduce((inner, name) => inner[name], bundle));
    return bad(what, path, flipText(old, at < 0 ? old.length + at : at), where, code);
  };
  const ofSide = (side: 'question' | 'answer') => [
    flipped(`header of the ${side}`, [side, 'header'], -20, `${side}/seal`, 'PATH_INVALID'),
    flipped(`payload of the ${side}`, [side, 'payload'], 20, `${side}/payload`, 'PAYLOAD_MISMATCH'),
    flipped(`salt of the ${side}`, [side, 'payload_salt'], 20, `${side}/payload`, 'PAYLOAD_MISMATCH'),
    flipped(`signed root of the ${side}`, [side, 'seal', 'signed_root'], -20, `${side}/seal`, 'SIGNATURE_INVALID'),
    flipped(`path of the ${side}`, [side, 'seal', 'inclusion_path', 0], 20, `${side}/seal`, 'PATH_INVALID'),
    bad(`no salt of the ${side}`, [side, 'payload_salt'], undefined, side, 'BUNDLE_INVALID'),
  ];
  return {
    note: 'The bundle verifies under the statements given. With value at path of it (removed where there is none), the first fault is code at where.',
    statements: [exporter.jwt, peer.jwt],
    bundle,
    check,
    bad: [
      ...ofSide('question'),
      ...ofSide('answer'),
      flipped('log entry', ['log', 0, 'entry'], 20, 'log', 'LOG_PROOF_INVALID'),
      flipped('log path', ['log', 0, 'inclusion_path', 1], 20, 'log', 'LOG_PROOF_INVALID'),
      flipped('checkpoint', ['checkpoint'], -20, 'checkpoint', 'CHECKPOINT_INVALID'),
      bad('log entry too many', ['log'], Array(3).fill(bundle.log[0]), 'log', 'BUNDLE_INVALID'),
      bad('the answer in the place of the question', ['question'], bundle.answer, 'question/header', 'BUNDLE_INVALID'),
      bad('no authorization', ['authorizations'], [], 'question/authorization', 'AUTHORIZATION_UNKNOWN'),
      bad('another check', ['check'], '00000000-0000-7000-8000-000000000000', 'question/header', 'BUNDLE_INVALID'),
      bad('another exporter', ['exported_by'], peer.region, 'checkpoint', 'CHECKPOINT_INVALID'),
      bad('unknown member', ['comment'], 'hello', 'comment', 'BUNDLE_INVALID'),
      bad('another format', ['format'], 'tongban-check-evidence/2', 'format', 'BUNDLE_INVALID'),
    ],
  };
}
