import { expect, it } from 'vitest';
import { CERTIFICATE_STATUSES } from '../../certificate/standing.ts';
import { statusText } from './status-text.ts';

it('says in Chinese first how a certificate stands, and keeps the word of the API', () => {
  expect(statusText('withdrawn')).toBe('已吊销 withdrawn');
  for (const word of [...CERTIFICATE_STATUSES, 'unknown'])
    expect(statusText(word)).toMatch(new RegExp(`^\\p{Script=Han}+ ${word}$`, 'u'));
});

it('does not say that there is none where a region may only not tell', () => {
  expect(statusText('unknown')).toBe('未知 unknown');
});

it('leaves what is no status as it is, without what writes to the terminal', () => {
  expect(statusText('PEER_UNREACHABLE')).toBe('PEER_UNREACHABLE');
  expect(statusText('constructor')).toBe('constructor');
  expect(statusText('x\u001b[2J')).not.toContain('\u001b');
});
