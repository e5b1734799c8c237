import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAdapter } from '../../catalog.ts';
import { testContext } from '../../testing/context.ts';
import { placeFile, temporaryFolder } from '../../testing/folders.ts';

it('has a secret of its own: what we sent cannot be sent back as a push', async () => {
  const folder = await temporaryFolder();
  try {
    const secret = (byte: number) => Buffer.alloc(32, byte).toString('base64');
    await placeFile(folder.path, 'out', secret(1));
    await placeFile(folder.path, 'hook', secret(2));
    await symlink(join(folder.path, 'out'), join(folder.path, 'link'));
    await placeFile(folder.path, 'mapping.yaml', 'mapping: 1\nin:\n  - open:\n      item: { from: A }\n');
    const open = (name: string) =>
      createAdapter(
        'http',
        {
          name: 'hall',
          url: 'https://hall.example/events',
          auth: { type: 'hmac', secret_file: join(folder.path, 'out') },
          mapping: join(folder.path, 'mapping.yaml'),
          hook: { auth: { type: 'hmac', secret_file: join(folder.path, name) } },
        },
        testContext(),
      );
    for (const name of ['out', 'link'])
      await expect(open(name)).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        problems: [{ pointer: '/hook/auth/secret_file', code: 'CONFLICT' }],
      });
    await (await open('hook')).close();
  } finally {
    await folder.remove();
  }
});
