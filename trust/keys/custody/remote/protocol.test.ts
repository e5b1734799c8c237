import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { importPublicJwk, suiteOf } from '../../../suites.ts';
import { failureOf, readKeys, readSignature, signWith } from './protocol.ts';

const PAGE = readFileSync(new URL('../../../../docs/remote-signer.md', import.meta.url), 'utf8');

/** A JSON example of the page. */
function example(name: string): string {
  return new RegExp(`\`\`\`json ${name}\n([^\`]+)\`\`\``).exec(PAGE)![1]!;
}
const answer = (name: string) => ({ status: 200, body: Buffer.from(example(name)) });
const request = () => JSON.parse(example('request')) as { suite: string; data: string };

describe('the page for makers of signature servers', () => {
  it('shows a list, a request and a signature that fit together', () => {
    const [key] = readKeys('sdf', answer('keys'));
    const data = Buffer.from(request().data, 'base64');
    expect(signWith(key!.id, key!.suite, data)).toEqual({
      method: 'POST',
      path: `v1/keys/${key!.id}/signatures`,
      body: JSON.stringify(request()),
    });
    const signature = readSignature('sdf', answer('response'));
    expect(suiteOf(key!.suite).verify(importPublicJwk(key!.publicJwk), data, signature)).toBe(true);
  });

  it('shows the intermediate values of that signature', () => {
    const [z, e] = [...PAGE.matchAll(/^\| [Ze] \| `([0-9a-f]{64})` \|$/gm)].map((match) => match[1]!);
    const message = Buffer.from(request().data, 'base64');
    expect(hash('sm3', Buffer.concat([Buffer.from(z!, 'hex'), message]), 'hex')).toBe(e);
  });

  it.each([
    [200, undefined],
    [401, 'SIGNER_REFUSED'],
    [403, 'SIGNER_REFUSED'],
    [404, 'KEY_MISSING'],
    [400, 'SIGNER_REFUSED'],
    [422, 'SIGNER_REFUSED'],
    [429, 'SIGNER_UNAVAILABLE'],
    [500, 'SIGNER_UNAVAILABLE'],
    [503, 'SIGNER_UNAVAILABLE'],
    [302, 'SIGNER_WRONG'],
    [204, 'SIGNER_WRONG'],
  ])('says what status %i means', (status, code) => {
    expect(failureOf('sdf', 'signing-2026', status)?.code).toBe(code);
    if (code) expect(PAGE).toContain(`\`${code}\``);
  });
});
