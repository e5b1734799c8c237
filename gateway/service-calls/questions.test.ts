import { expect, it } from 'vitest';
import { PlatformError } from '#adapters';
import { createMetrics } from '../telemetry/metrics.ts';
import { QUESTIONS_AT_ONCE, Questions } from './questions.ts';

const RULES = { failures: 2, firstRestMs: 1_000, ceilingMs: 4_000 };
const { signal } = new AbortController();
const answer = async () => 'yes';
const fail = () => Promise.reject(new PlatformError(true, 'no answer'));
const refuse = () => Promise.reject(new PlatformError(false, 'no'));

function open() {
  const clock = { at: 0, now: () => clock.at };
  const metrics = createMetrics();
  return { clock, metrics, questions: new Questions({ clock, metrics, rules: RULES }) };
}

it('leaves a platform alone that does not answer, at once and without asking, and no other', async () => {
  const { questions, clock, metrics } = open();
  for (let n = 0; n < 2; n += 1) await expect(questions.ask('post', signal, fail)).rejects.toThrow('no answer');
  expect(questions.isAnswering('post')).toBe(false);
  let asked = 0;
  const count = async () => {
    asked += 1;
  };
  await expect(questions.ask('post', signal, count)).rejects.toMatchObject({ retryable: true });
  expect(asked).toBe(0);
  expect(await questions.ask('credit', signal, answer)).toBe('yes');
  clock.at = 1_000;
  expect(await questions.ask('post', signal, answer)).toBe('yes');
  expect(questions.isAnswering('post')).toBe(true);
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('tongban_platform_'));
  expect(lines).toEqual([
    'tongban_platform_questions_total{adapter="post",outcome="failed"} 2',
    'tongban_platform_questions_total{adapter="post",outcome="skipped"} 1',
    'tongban_platform_questions_total{adapter="credit",outcome="answered"} 1',
    'tongban_platform_questions_total{adapter="post",outcome="answered"} 1',
    'tongban_platform_breaker{adapter="post"} 0',
    'tongban_platform_breaker{adapter="credit"} 0',
  ]);
});

it('shows in the metrics that a platform is left alone', async () => {
  const { questions, clock, metrics } = open();
  for (let n = 0; n < 2; n += 1) await questions.ask('post', signal, fail).catch(() => {});
  expect(await metrics.text()).toContain('tongban_platform_breaker{adapter="post"} 2');
  clock.at = 1_000;
  expect(await metrics.text()).toContain('tongban_platform_breaker{adapter="post"} 1');
});

it('takes a platform that refuses for one that is there', async () => {
  const { questions } = open();
  for (let n = 0; n < 5; n += 1) await expect(questions.ask('post', signal, refuse)).rejects.toThrow('no');
  expect(questions.isAnswering('post')).toBe(true);
});

it('blames no platform for a question that was broken off, but for one whose time ran out', async () => {
  const { questions } = open();
  for (let n = 0; n < 5; n += 1) await questions.ask('post', AbortSignal.abort(), fail).catch(() => {});
  expect(questions.isAnswering('post')).toBe(true);
  const late = AbortSignal.abort(new DOMException('late', 'TimeoutError'));
  for (let n = 0; n < 2; n += 1) await questions.ask('post', late, fail).catch(() => {});
  expect(questions.isAnswering('post')).toBe(false);
});

it('holds no more questions than it may, and answers the next at once that there is no answer', async () => {
  const { questions } = open();
  const waiting: (() => void)[] = [];
  const slow = () => new Promise<void>((resolve) => waiting.push(resolve));
  const asked = Array.from({ length: QUESTIONS_AT_ONCE }, () => questions.ask('credit', signal, slow));
  await expect(questions.ask('credit', signal, answer)).rejects.toMatchObject({ retryable: true });
  expect(waiting).toHaveLength(QUESTIONS_AT_ONCE);
  for (const end of waiting) end();
  await Promise.all(asked);
  expect(await questions.ask('credit', signal, answer)).toBe('yes');
});
