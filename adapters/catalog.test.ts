import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError } from '#proto';
import { ADAPTER_KINDS, createAdapter } from './catalog.ts';
import { testContext } from './testing/context.ts';
import { temporaryFolder } from './testing/folders.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const HTTP = { name: 'window', url: 'https://platform.example/events', auth: { type: 'none' } };

it('makes adapters with the ways that their kind and configuration have', async () => {
  const secret = join(folder.path, 'secret');
  await writeFile(secret, `whsec_${Buffer.alloc(32, 7).toString('base64')}\n`);
  const configs: [string, unknown, boolean, boolean][] = [
    ['http', { ...HTTP, auth: { type: 'jwt', secret_file: secret }, mode: 'binary', timeout_ms: 500 }, true, false],
    ['http-query', { ...HTTP, kinds: ['real-estate'] }, false, false],
    ['directory', { name: 'files', in: folder.path }, false, true],
    ['directory', { name: 'files', out: folder.path }, true, false],
  ];
  for (const [kind, config, sink, source] of configs) {
    const adapter = await createAdapter(kind, config, testContext());
    expect([adapter.kind, adapter.name]).toEqual([kind, (config as { name: string }).name]);
    expect([adapter.sink !== undefined, adapter.source !== undefined]).toEqual([sink, source]);
    await adapter.close();
    await adapter.close();
  }
});

describe('refuses a configuration and names every problem at once:', () => {
  it('an unknown kind', async () => {
    expect(await problems('carrier-pigeon', HTTP)).toEqual(['/kind NOT_IN_LIST']);
    expect(await problems('constructor', HTTP)).toEqual(['/kind NOT_IN_LIST']);
    const services = ['http-sms', 'http-parcel', 'http-locker', 'http-rating', 'http-supervision'];
    const kinds = ['http', 'directory', 'database', 'soap', 'amqp', 'kafka', 'http-query', 'http-credit', ...services];
    expect(ADAPTER_KINDS).toEqual(kinds);
  });

  it('http with everything wrong', async () => {
    const config = { name: 'Bad Name', url: 'ftp://x', mode: 'both', auth: { type: 'hmac' }, timeout_ms: 1, extra: 1 };
    expect(await problems('http', config)).toEqual([
      '/name FORMAT',
      '/url FORMAT',
      '/auth/secret_file TYPE',
      '/timeout_ms RANGE',
      '/mode NOT_IN_LIST',
      '/extra UNKNOWN_FIELD',
    ]);
  });

  it.each([
    ['no settings at all', undefined, ['/ REQUIRED']],
    ['no word about authentication', { name: 'a', url: HTTP.url }, ['/auth REQUIRED']],
    ['a secret in the URL', { ...HTTP, url: 'https://user:pass@platform.example/' }, ['/url SECRET']],
    [
      'a secret in the configuration',
      { ...HTTP, auth: { type: 'hmac', secret: 's' } },
      ['/auth/secret_file TYPE', '/auth/secret UNKNOWN_FIELD'],
    ],
    [
      'a secret file with a relative path',
      { ...HTTP, auth: { type: 'jwt', secret_file: 'secret' } },
      ['/auth/secret_file FORMAT'],
    ],
    [
      'a secret that nothing asks for',
      { ...HTTP, auth: { type: 'none', secret_file: '/s' } },
      ['/auth/secret_file UNKNOWN_FIELD'],
    ],
  ])('http with %s', async (_, config, expected) => {
    expect(await problems('http', config)).toEqual(expected);
  });

  it.each([
    ['hmac', Buffer.alloc(23).toString('base64'), 'fewer than 24 bytes'],
    ['jwt', Buffer.alloc(31).toString('base64'), 'fewer than 32 bytes'],
    ['hmac', 'not base64 at all!', 'not base64'],
    ['hmac', '', 'not base64'],
    ['hmac', undefined, 'cannot be read (ENOENT)'],
  ])('http with a secret for %s that cannot be used (%#)', async (type, content, reason) => {
    const secret = join(folder.path, 'secret');
    if (content !== undefined) await writeFile(secret, content);
    const error = await failure('http', { ...HTTP, auth: { type, secret_file: secret } });
    expect(error.problems).toEqual([
      { pointer: '/auth/secret_file', code: 'SECRET', message: expect.stringContaining(reason) },
    ]);
    if (content) expect(JSON.stringify(error.problems) + error.message).not.toContain(content);
  });

  it.each([
    ['without kinds', { ...HTTP, kinds: [] }, ['/kinds REQUIRED']],
    ['with a kind twice', { ...HTTP, kinds: ['real-estate', 'real-estate'] }, ['/kinds/1 DUPLICATE']],
    [
      'with a bad kind',
      { ...HTTP, kinds: ['Real Estate'], mode: 'binary' },
      ['/kinds/0 FORMAT', '/mode UNKNOWN_FIELD'],
    ],
    ['without a word about authentication', { name: 'a', url: HTTP.url, kinds: ['a'] }, ['/auth REQUIRED']],
  ])('http-query %s', async (_, config, expected) => {
    expect(await problems('http-query', config)).toEqual(expected);
  });

  it('directory without a folder, or with folders that cannot be used', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    expect(await problems('directory', { name: 'files' })).toEqual(['/ REQUIRED']);
    expect(await problems('directory', { name: 'files', in: 'here', poll_ms: 0 })).toEqual([
      '/in FORMAT',
      '/poll_ms RANGE',
    ]);
    expect(await problems('directory', { name: 'files', in: file, out: join(folder.path, 'no') })).toEqual([
      '/out FOLDER',
      '/in FOLDER',
    ]);
    expect(await problems('directory', { name: 'files', in: folder.path, out: `${folder.path}/x` })).toEqual([
      '/out CONFLICT',
    ]);
    expect(await problems('directory', { name: 'files', in: folder.path, out: `${folder.path}/` })).toEqual([
      '/out CONFLICT',
    ]);
  });

  async function problems(kind: string, config: unknown): Promise<string[]> {
    return (await failure(kind, config)).problems.map(({ pointer, code }) => `${pointer || '/'} ${code}`);
  }

  async function failure(kind: string, config: unknown): Promise<CodedError> {
    const error = await createAdapter(kind, config, testContext()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CodedError);
    expect((error as CodedError).code).toBe('CONFIG_INVALID');
    return error as CodedError;
  }
});
