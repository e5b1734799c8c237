import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CodedError } from '#proto';
import { Turns } from './turns.ts';

const full = () => new CodedError('SIGNER_UNAVAILABLE');

it('runs no more than allowed at a time, everything in its order, failures included', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.boolean(), { maxLength: 20 }),
      async (atOnce, fails) => {
        const turns = new Turns({ atOnce, waiting: 20 }, full);
        const started: number[] = [];
        let running = 0;
        let most = 0;
        const work = async (index: number) => {
          started.push(index);
          running += 1;
          most = Math.max(most, running);
          await Promise.resolve();
          running -= 1;
          if (fails[index]) throw new Error('this one fails');
          return index;
        };
        const outcomes = await Promise.allSettled(fails.map((_, index) => turns.run(() => work(index))));
        expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(fails);
        expect(started).toEqual(fails.map((_, index) => index));
        expect(most).toBe(Math.min(atOnce, fails.length));
      },
    ),
  );
});

it('turns away whom there is no room for, without starting anything', async () => {
  const turns = new Turns({ atOnce: 1, waiting: 1 }, full);
  const { promise, resolve } = Promise.withResolvers<void>();
  const ran: string[] = [];
  const work = (name: string) => async () => {
    ran.push(name);
    await promise;
  };
  const first = turns.run(work('first'));
  const second = turns.run(work('second'));
  await expect(turns.run(work('third'))).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
  resolve();
  await Promise.all([first, second]);
  await turns.run(work('fourth'));
  expect(ran).toEqual(['first', 'second', 'fourth']);
});
