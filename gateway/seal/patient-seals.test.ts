import { expect, it } from 'vitest';
import { SEAL_LIMITS, SealError, type SealFault, type SealRequest, type SealService } from '#adapters';
import { PatientSeals } from './patient-seals.ts';

const { signal } = new AbortController();
const request: SealRequest = {
  requestId: 'a'.repeat(64),
  signatory: 'seal',
  seal: 'x',
  document: Buffer.from('document'),
  mediaType: 'application/pdf',
  reason: '测试',
  authority: { name: '测试', code: '11150626MB00000014' },
};

/** A service that fails as told and then seals, and the requests that reached it. */
function bench(...faults: readonly SealFault[]) {
  const left = [...faults];
  const asked: SealRequest[] = [];
  const time = { now: 0 };
  let most = 0;
  let running = 0;
  const service: SealService = {
    async seal(asking) {
      asked.push(asking);
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      const fault = left.shift();
      if (fault) throw new SealError(fault, 'told to');
      return { document: Buffer.from('sealed') };
    },
    seals: async () => undefined,
    close: async () => {},
  };
  const seals = new PatientSeals({ service, clock: { now: () => time.now }, random: () => 0 });
  return { seals, asked, time, most: () => most };
}

it('asks again with the very same request after what may pass', async () => {
  const { seals, asked } = bench('unavailable', 'unavailable');
  expect((await seals.seal(request, signal)).document.toString()).toBe('sealed');
  expect(asked).toEqual([request, request, request]);
});

it.each(['refused', 'malformed'] as const)('does not ask again after %s', async (fault) => {
  const { seals, asked } = bench(fault);
  await expect(seals.seal(request, signal)).rejects.toMatchObject({ fault });
  expect(asked).toHaveLength(1);
});

it('gives up after three attempts, spares a service that does not answer, and finds out when it is back', async () => {
  const { seals, asked, time } = bench(...Array.from({ length: 5 }, () => 'unavailable' as const));
  for (const count of [3, 5, 5]) {
    await expect(seals.seal(request, signal)).rejects.toMatchObject({ code: 'SEAL_UNAVAILABLE' });
    expect(asked).toHaveLength(count);
  }
  time.now += 10_000;
  expect((await seals.seal(request, signal)).document.toString()).toBe('sealed');
  expect(asked).toHaveLength(6);
});

it('does not wait for a second attempt when it was told to stop', async () => {
  const { seals, asked } = bench('unavailable');
  await expect(seals.seal(request, AbortSignal.abort())).rejects.toMatchObject({ fault: 'unavailable' });
  expect(asked).toHaveLength(1);
});

it('asks for few at a time, lets a bounded number wait, and turns away what is too large', async () => {
  const { seals, asked, most } = bench();
  const all = await Promise.allSettled(Array.from({ length: 80 }, () => seals.seal(request, signal)));
  expect(most()).toBe(4);
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(68);
  const document = Buffer.alloc(SEAL_LIMITS.documentBytes + 1);
  await expect(seals.seal({ ...request, document }, signal)).rejects.toMatchObject({ code: 'SEAL_REFUSED' });
  expect(asked).toHaveLength(68);
});
