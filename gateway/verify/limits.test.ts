import { expect, it } from 'vitest';
import { PublicLimits, TooOften } from './limits.ts';

const clock = {
  time: 1_793_000_000_000,
  now() {
    return this.time;
  },
};

it('counts each address for a minute', () => {
  const limits = new PublicLimits(clock, 3);
  for (let count = 0; count < 3; count += 1) limits.admit('192.0.2.1');
  expect(() => limits.admit('192.0.2.1')).toThrow(TooOften);
  limits.admit('192.0.2.2');
  clock.time += 20_000;
  expect(waitOf(() => limits.admit('192.0.2.1'))).toBe(40_000);
  clock.time += 40_000;
  limits.admit('192.0.2.1');
});

it('takes a clock that was set back for a new minute', () => {
  const limits = new PublicLimits(clock, 1);
  limits.admit('192.0.2.1');
  clock.time -= 3_600_000;
  limits.admit('192.0.2.1');
});

it('counts all addresses together', () => {
  const limits = new PublicLimits(clock, 1);
  for (let count = 0; count < 20; count += 1) limits.admit(`192.0.2.${count}`);
  expect(() => limits.admit('192.0.2.99')).toThrow(TooOften);
});

it('takes the addresses of one IPv6 network for one caller, and mapped IPv4 addresses apart', () => {
  const limits = new PublicLimits(clock, 1);
  limits.admit('2001:db8::1');
  for (const same of ['2001:db8:0:0:ffff::2', '2001:0DB8:0000:0000:1:2:3:4', '2001:db8::%eth0'])
    expect(() => limits.admit(same)).toThrow(TooOften);
  for (const other of ['2001:db8:0:1::1', '::1', '::ffff:192.0.2.1', '::ffff:192.0.2.2']) limits.admit(other);
});

it('lets nobody guess on who missed a few times, while others look up what they have', () => {
  const limits = new PublicLimits(clock, 12);
  for (let count = 0; count < 9; count += 1) {
    limits.admitLookUp('192.0.2.1');
    limits.found('192.0.2.1');
  }
  for (let count = 0; count < 2; count += 1) limits.admitLookUp('192.0.2.1');
  expect(() => limits.admitLookUp('192.0.2.1')).toThrow(TooOften);
  limits.admitLookUp('192.0.2.2');
  limits.admit('192.0.2.1');
  clock.time += 60_000;
  limits.admitLookUp('192.0.2.1');
});

it('bounds the questions to other regions whoever causes them', () => {
  const limits = new PublicLimits(clock, 2);
  limits.admitQuestion('192.0.2.1');
  limits.admitQuestion('192.0.2.2');
  expect(() => limits.admitQuestion('192.0.2.3')).toThrow(TooOften);
});

it('lets nobody spend the questions of others: each caller has a share', () => {
  const limits = new PublicLimits(clock, 12);
  for (let count = 0; count < 2; count += 1) limits.admitQuestion('2001:db8::1');
  // What is refused is not counted: neither for him nor for all.
  for (let count = 0; count < 30; count += 1)
    expect(waitOf(() => limits.admitQuestion(`2001:db8::${count}`))).toBe(60_000);
  for (let count = 0; count < 10; count += 1) limits.admitQuestion(`192.0.2.${count}`);
  expect(() => limits.admitQuestion('192.0.2.99')).toThrow(TooOften);
  clock.time += 60_000;
  limits.admitQuestion('2001:db8::1');
});

it('remembers no more callers than it may', () => {
  const limits = new PublicLimits(clock, 600);
  for (let count = 0; count < 100; count += 1) limits.admitLookUp('192.0.2.1');
  expect(() => limits.admitLookUp('192.0.2.1')).toThrow(TooOften);
  for (let count = 0; count < 10_000; count += 1) limits.admitLookUp(`10.0.${count >> 8}.${count & 255}`);
  limits.admitLookUp('192.0.2.1');
});

function waitOf(work: () => void): number {
  try {
    work();
  } catch (error) {
    return (error as TooOften).waitMs;
  }
  return 0;
}
