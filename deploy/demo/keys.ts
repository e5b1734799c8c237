import { call, type DemoRegion, tongban, tongbanJson, until } from './region.ts';
import type { Scene } from './scene.ts';

interface ListedKey {
  readonly kid: string;
  readonly purpose: string;
}

/** The operator of Nantong makes a new signing key while the case is under way; nothing stops for it. */
export async function rotate(scene: Scene): Promise<void> {
  const { nantong } = scene;
  const { keys } = await tongbanJson<{ keys: ListedKey[] }>('key', 'list', '--gateway', nantong.dir);
  scene.oldKey = keys.find(({ purpose }) => purpose === 'signing')!.kid;
  await tongbanJson('key', 'rotate', 'signing', ...withKeys(nantong));
  await knownAtPeer(scene);
}

/** The old key was stolen, say: its revocation is with the peer at once. */
export async function revoke(scene: Scene): Promise<void> {
  // A key id may begin with a hyphen.
  const { code, stderr } = await tongban('key', 'revoke', ...withKeys(scene.nantong), '--', scene.oldKey);
  if (code !== 0) throw new Error(`tongban key revoke\n${stderr}`);
  await knownAtPeer(scene);
}

/** Waits until Uxin Banner holds the newest statement of Nantong. */
async function knownAtPeer({ nantong, uxin }: Scene): Promise<void> {
  const { serial } = await call<{ serial: number }>(nantong, 'GET', '/v1/statement');
  await until('the new statement', async () => {
    const { peers } = await call<{ peers: { region: string; serial: number }[] }>(uxin, 'GET', '/v1/peers');
    return peers.find(({ region, serial: held }) => region === nantong.code && held === serial);
  });
}

function withKeys({ dir, passphraseFile }: DemoRegion): string[] {
  return ['--gateway', dir, '--passphrase-file', passphraseFile];
}
