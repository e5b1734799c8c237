import { expect, it } from 'vitest';
import { signerOfPdf } from '#trust';
import { sealContract } from '../../adapters/testing/seal-contract.ts';
import { plainPdf, type ThrowawayRegion, throwawayRegion } from '../../trust/testing/index.ts';
import { LocalSeal } from './local-seal.ts';

const NOW = Date.UTC(2026, 10, 20, 2);
const clock = { now: () => NOW };

const sealOf = ({ statement, seal }: ThrowawayRegion) =>
  new LocalSeal({ region: '150626', clock, keyring: { statement, sealSigner: seal } });
const request = {
  requestId: 'a'.repeat(64),
  signatory: 'seal',
  seal: '150626',
  mediaType: 'application/pdf',
  reason: '测试',
  authority: { name: '测试', code: '11150626MB00000014' },
} as const;
const { signal } = new AbortController();

for (const suite of ['ES256', 'Ed25519', 'SM2-SM3'] as const) {
  sealContract(`the key of a region of ${suite}`, async () => {
    const own = await throwawayRegion('150626', { suite, now: NOW });
    return {
      service: sealOf(own),
      seal: '150626',
      document: plainPdf(),
      demandSealed: async (before, after) => {
        expect(after.subarray(0, before.length).equals(before)).toBe(true);
        const { kid, signedAt, seals } = await signerOfPdf(after, NOW);
        expect({ kid, signedAt }).toEqual({ kid: own.seal.kid, signedAt: NOW });
        const earlier = before.includes('/ByteRange') ? (await signerOfPdf(before, NOW)).seals.length + 1 : 0;
        expect(seals).toHaveLength(earlier);
      },
      close: async () => {},
    };
  });
}

it('says what the key says: that it is missing, or that another signed', async () => {
  const own = await throwawayRegion('150626', { now: NOW });
  const other = await throwawayRegion('320600', { now: NOW });
  const wrong = { ...own, seal: { ...own.seal, sign: (data: Uint8Array) => other.seal.sign(data) } };
  const asked = sealOf(wrong).seal({ ...request, document: plainPdf() }, signal);
  await expect(asked).rejects.toMatchObject({ code: 'SIGNER_WRONG' });
});
