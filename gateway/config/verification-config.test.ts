import { expect, it } from 'vitest';
import type { Problem, Rule } from '#proto';
import { proxiesRule, verificationOf, verificationRule } from './verification-config.ts';

function problems(rule: Rule, section: unknown): string[] {
  const found: Problem[] = [];
  rule(section, '', found);
  return found.map(({ pointer, code }) => `${pointer} ${code}`);
}

it('has a page and asks nobody unless told', () => {
  expect(verificationOf({})).toEqual({ page: true, askPeers: false, ratePerMinute: 30 });
  expect(verificationOf({ page: false, ask_peers: true, rate_per_minute: 5 })).toEqual({
    page: false,
    askPeers: true,
    ratePerMinute: 5,
  });
});

it('names every wrong setting', () => {
  expect(problems(verificationRule, { page: true, ask_peers: null, rate_per_minute: 1 })).toEqual([]);
  expect(problems(verificationRule, { page: 'yes', ask_peers: 1, rate_per_minute: 0, login: true }).sort()).toEqual([
    '/ask_peers TYPE',
    '/login UNKNOWN_FIELD',
    '/page TYPE',
    '/rate_per_minute RANGE',
  ]);
});

it('takes addresses and networks of proxies, never a name and never everybody', () => {
  expect(problems(proxiesRule, ['127.0.0.1', '::1', '10.1.0.0/16', 'fd00::/8'])).toEqual([]);
  const wrong = ['proxy.example', '0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0.1/8/8', '', 7, '10.0.0.0/x'];
  expect(problems(proxiesRule, wrong)).toEqual(wrong.map((_, index) => `/${index} FORMAT`));
});
