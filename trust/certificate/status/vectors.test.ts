import { describe, expect, it } from 'vitest';
import { verifyStatement } from '../../region/statement.ts';
import { RECORDINGS } from '../../testing/recording/record-vectors.ts';
import ed25519 from '../../vectors/status-list-ed25519.json' with { type: 'json' };
import es256 from '../../vectors/status-list-es256.json' with { type: 'json' };
import sm2 from '../../vectors/status-list-sm2-sm3.json' with { type: 'json' };
import { statusIn, type VerifiedStatusList, verifyStatusList } from './status-list.ts';

describe.each([
  ['ES256', es256],
  ['Ed25519', ed25519],
  ['SM2-SM3', sm2],
])('the recorded status list of %s', (suite, vector) => {
  async function verify(now: number): Promise<VerifiedStatusList> {
    const statement = await verifyStatement(vector.statement);
    return verifyStatusList(vector.list, vector, { statementOf: () => statement, now });
  }

  it('verifies for ever and says the same', async () => {
    const list = await verify(vector.now);
    const { entries, outside, ...said } = vector.expected;
    expect(list).toMatchObject({ ...said, issuer: vector.issuer, uri: vector.uri });
    expect(entries.map(([idx]) => [idx, statusIn(list, idx as number)])).toEqual(entries);
    expect(() => statusIn(list, outside)).toThrow(expect.objectContaining({ code: 'STATUS_INDEX' }));
  });

  it('has expired in time', async () => {
    await expect(verify(vector.expected.expiresAt)).rejects.toThrow(
      expect.objectContaining({ code: 'STATUS_LIST_STALE' }),
    );
  });

  it('would be recorded today with the same members and the same content', async () => {
    const fresh = (await RECORDINGS[`status-list-${suite.toLowerCase()}`]!()) as typeof vector;
    expect(Object.keys(fresh)).toEqual(Object.keys(vector));
    expect(fresh.expected.entries).toEqual(vector.expected.entries);
  });
});
