import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import { answerInOrder } from './in-order.ts';

/** Works that the test ends one by one. */
function workshop() {
  const open = new Map<number, (text: string) => void>();
  const started: number[] = [];
  const answer = (_entry: number, number: number) => {
    started.push(number);
    return new Promise<string>((resolve) => open.set(number, resolve));
  };
  return { started, answer, end: (number: number) => open.get(number)!(`${number} `) };
}

async function* entries(count: number, size = 7): AsyncGenerator<number[]> {
  for (let n = 0; n < count; n += size) yield Array.from({ length: Math.min(size, count - n) }, (_, at) => n + at);
}

test('answers keep the order of the entries, whichever work ends first', async () => {
  const { answer, end, started } = workshop();
  const answers = answerInOrder(entries(4), answer, { atOnce: 10 });
  let text = '';
  answers.on('data', (chunk) => {
    text += chunk;
  });
  await vi.waitUntil(() => started.length === 4);
  for (const number of [3, 2, 4]) end(number);
  await new Promise(setImmediate);
  expect(text).toBe('');
  end(1);
  await once(answers, 'end');
  expect(text).toBe('1 2 3 4 ');
});

test('an answer is given out while the next entry is still to come', async () => {
  let more: () => void = () => {};
  async function* slow() {
    yield [1];
    await new Promise<void>((resolve) => {
      more = resolve;
    });
    yield [2];
  }
  const answers = answerInOrder(slow(), async (entry) => `${entry} `, { atOnce: 10 });
  let text = '';
  answers.on('data', (chunk) => {
    text += chunk;
  });
  await vi.waitUntil(() => text === '1 ');
  more();
  await once(answers, 'end');
  expect(text).toBe('1 2 ');
});

test('no more than the window is in work', async () => {
  const { answer, end, started } = workshop();
  const answers = answerInOrder(entries(30), answer, { atOnce: 5 });
  answers.resume();
  await vi.waitUntil(() => started.length === 5);
  await new Promise(setImmediate);
  expect(started).toHaveLength(5);
  end(1);
  await vi.waitUntil(() => started.length === 6);
  for (let number = 2; number <= 30; number += 1) {
    await vi.waitUntil(() => started.length >= number);
    end(number);
  }
  await once(answers, 'end');
});

test('a reader that does not read stops the work', async () => {
  let done = 0;
  const answers = answerInOrder(
    entries(100_000, 1000),
    async () => {
      done += 1;
      return 'x'.repeat(1000);
    },
    { atOnce: 10 },
  );
  answers.read(0);
  await vi.waitUntil(() => answers.readableLength >= answers.readableHighWaterMark);
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  expect(done).toBeLessThan(200);
  answers.destroy();
});

test('a reader that goes away ends the work, and a failure ends the stream', async () => {
  const ended = vi.fn();
  const { answer, started } = workshop();
  const left = answerInOrder(entries(30), answer, { atOnce: 5, onEnd: ended });
  await vi.waitUntil(() => started.length === 5);
  left.destroy();
  await once(left, 'close');
  expect(ended).toHaveBeenCalledOnce();
  expect(started).toHaveLength(5);
  const failing = answerInOrder(entries(3), () => Promise.reject(new Error('cannot answer')), { atOnce: 5 });
  failing.resume();
  expect((await once(failing, 'error'))[0]).toMatchObject({ message: 'cannot answer' });
});

test('nothing in, nothing out', async () => {
  const answers = answerInOrder(entries(0), async () => 'x', { atOnce: 5 });
  expect(await answers.toArray()).toEqual([]);
});

test('while the work takes long a sign of life comes before the answer', async () => {
  const { answer, end, started } = workshop();
  const answers = answerInOrder(entries(1), answer, { atOnce: 5 });
  let text = '';
  answers.on('data', (chunk) => {
    text += chunk;
  });
  await vi.waitUntil(() => started.length === 1);
  expect(text).toBe('');
  await vi.waitUntil(() => text.length > 0, 5000);
  end(1);
  await once(answers, 'end');
  expect(text).toMatch(/^ +1 $/);
});
