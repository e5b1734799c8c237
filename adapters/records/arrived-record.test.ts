import { describe, expect, it } from 'vitest';
import { plainMapping } from '../testing/plain-mapping.ts';
import { unreadable } from '../unreadable.ts';
import { type ArrivedRecord, noFiles, receive } from './arrived-record.ts';

const reader = { platform: 'mq', mapping: plainMapping((document) => document), openFile: noFiles };

function record(changes: Partial<ArrivedRecord> = {}): ArrivedRecord {
  const document = () => ({ no: 'P-1' });
  return {
    bytes: Buffer.from('{'),
    identity: { id: ['message', 'm1'] },
    name: undefined,
    document,
    laneOf,
    ...changes,
  };
}

function laneOf(document: unknown): string | undefined {
  return (document as { no?: string } | undefined)?.no;
}

const broken = () => {
  throw unreadable('FORMAT', 'is not JSON');
};

describe('a record', () => {
  it('has the lane of its case, or its own', async () => {
    expect(await receive(record(), reader)).toMatchObject({ lane: 'P-1', submission: { problems: [] } });
    const { lane, submission } = await receive(record({ laneOf: () => undefined }), reader);
    expect(lane).toBe(submission.key);
  });

  it('that cannot be read is known again by its name, or by its bytes', async () => {
    const keyOf = async (changes: Partial<ArrivedRecord>) => {
      const { submission, lane } = await receive(record({ document: broken, ...changes }), reader);
      expect(submission).toMatchObject({ document: null, wishes: [], problems: [{ code: 'FORMAT' }] });
      expect(lane).toBe(submission.key);
      return submission.key;
    };
    const [name, other] = [['message', 'm1'], Buffer.from('[')];
    expect(await keyOf({ name, bytes: other })).toBe(await keyOf({ name }));
    expect(await keyOf({ bytes: other })).not.toBe(await keyOf({}));
    expect(await keyOf({})).toBe(await keyOf({}));
  });

  it('that cannot be read has the lane that came beside it', async () => {
    expect(await receive(record({ document: broken, laneOf: () => 'P-1' }), reader)).toMatchObject({ lane: 'P-1' });
  });

  it('whose reader fails otherwise is nobody’s submission', async () => {
    const document = () => {
      throw new TypeError('a fault of ours');
    };
    await expect(receive(record({ document }), reader)).rejects.toThrow(TypeError);
  });
});
