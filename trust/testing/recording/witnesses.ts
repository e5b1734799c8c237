import { createHash } from 'node:crypto';
import { SAMPLE_TIME } from '../../../proto/testing/payload-samples.ts';
import { verifyBundle } from '../../evidence/bundle.ts';
import { writeBundle } from '../../evidence/bundle-format.ts';
import { signCheckpoint } from '../../evidence/checkpoint.ts';
import { cosignCheckpoint } from '../../evidence/cosignature.ts';
import type { SuiteName } from '../../suites.ts';
import { evidenceCase } from '../evidence-case.ts';
import { throwawayRegion } from '../throwaway-region.ts';
import { revoking, witnessedState } from '../witnessed-case.ts';
import { flipText } from './forge.ts';

const [OWNER, WITNESS] = ['320600', '150626'] as const;
const HOUR_MS = 3_600_000;

/** A checkpoint with the line of a witness that stands, and lines that must be refused. */
export async function recordCosignature(suite: SuiteName): Promise<object> {
  const owner = await throwawayRegion(OWNER, { suite, now: SAMPLE_TIME });
  const witness = await throwawayRegion(WITNESS, { suite, now: SAMPLE_TIME });
  const state = { region: OWNER, epoch: 1, size: 65_537, root: createHash('sha256').update('root').digest() };
  const note = await signCheckpoint(owner.log, state);
  const other = await signCheckpoint(owner.log, { ...state, size: 65_538 });
  const at = SAMPLE_TIME + HOUR_MS;
  const line = await cosignCheckpoint(witness.log, WITNESS, note, at);
  const bad = (what: string, changed: string, code = 'CHECKPOINT_INVALID', note_text = note) => {
    return { what, note_text, line: changed, code };
  };
  return {
    note: 'The line of a witness below a checkpoint, both with their line ends, under the statement of the witness; what must be refused.',
    owner: owner.jwt,
    statement: witness.jwt,
    note_text: note,
    line,
    witness: WITNESS,
    at,
    bad: [
      bad('signature', flipText(line, line.length - 20)),
      bad(
        'time',
        line.replace(/ (\S{10})./, (all, head) => ` ${head}${all.endsWith('A') ? 'B' : 'A'}`),
      ),
      bad('another checkpoint', line, 'CHECKPOINT_INVALID', other),
      bad('the line of the log', `${note.split('\n')[4]}\n`),
      bad('another name', line.replace(WITNESS, '350500')),
      bad('key of nobody', await cosignCheckpoint(owner.log, WITNESS, note, at), 'KEY_UNKNOWN'),
      bad('before its key', await cosignCheckpoint(witness.log, WITNESS, note, SAMPLE_TIME - HOUR_MS), 'KEY_NOT_VALID'),
    ],
  };
}

/** A bundle whose seals and receipts are under revoked keys and stand on a witness, and what makes them fall. */
export async function recordWitnessed(suite: SuiteName): Promise<object> {
  const played = await evidenceCase(suite);
  const third = await throwawayRegion('350500', { suite, now: SAMPLE_TIME });
  const [seen, revokedAt] = [SAMPLE_TIME + HOUR_MS / 2, SAMPLE_TIME + HOUR_MS];
  const by = (at: number) => [{ region: third.region, log: third.log, at }];
  const own = [{ region: played.exporter.region, log: played.exporter.log, at: seen }];
  const { length } = played.leaves;
  const state = async (size: number, witnesses: typeof own) => {
    const text = writeBundle({ ...played.input, witnessed: [await witnessedState(played, size, witnesses)] });
    return JSON.parse(text).witnessed as object[];
  };
  const bundle = JSON.parse(
    writeBundle({ ...played.input, witnessed: [await witnessedState(played, length, by(seen))] }),
  );
  const exporter = await revoking(played.exporter, ['signing', 'log'], revokedAt);
  const peer = await revoking(played.peer, ['signing'], revokedAt);
  const statements = [exporter, peer, third.statement];
  const { timeline } = await verifyBundle(JSON.stringify(bundle), statements);
  const bad = (what: string, value: unknown, where: string, code: string) => {
    return { what, path: ['witnessed'], value, where, code };
  };
  const [only] = bundle.witnessed;
  return {
    note: 'Keys of both regions were revoked after the case; a third region saw the log before. With value at path of the bundle, the first fault is code at where.',
    statements: statements.map(({ jwt }) => jwt),
    bundle,
    timeline,
    bad: [
      bad('seen too late', await state(length, by(revokedAt)), 'checkpoint', 'KEY_REVOKED'),
      bad('seen too early a state', await state(length - 1, by(seen)), 'checkpoint', 'KEY_REVOKED'),
      bad('seen by the exporter', await state(length, own), 'checkpoint', 'KEY_REVOKED'),
      bad(
        'altered line',
        [{ ...only, checkpoint: flipText(only.checkpoint, only.checkpoint.length - 20) }],
        'checkpoint',
        'KEY_REVOKED',
      ),
      bad('no proof of growth', [{ ...only, consistency: ['A'.repeat(43)] }], 'checkpoint', 'KEY_REVOKED'),
      bad('unknown member', [{ ...only, comment: 'x' }], 'witnessed/0/comment', 'BUNDLE_INVALID'),
      bad('empty list', [], 'witnessed', 'BUNDLE_INVALID'),
    ],
  };
}
