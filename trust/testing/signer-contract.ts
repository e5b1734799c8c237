import { KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import type { StatedKey } from '../keys/custody/checked-signer.ts';
import type { Signer } from '../keys/signer.ts';
import { importPublicJwk, suiteOf } from '../suites.ts';
import { everythingIn } from './everything-in.ts';

/** A signer, the key that it was asked for, and what nobody may learn from it. */
export interface SignerBench {
  readonly signer: Signer;
  readonly key: StatedKey;
  /** Parts of the private key, passphrases, PINs, tokens: in any text. */
  readonly secrets: readonly string[];
}

/** The largest signed object is a compact JWS of this many bytes. */
const LARGEST_BYTES = 64 * 1024;

/**
 * What every signer promises, wherever its key is kept.
 *
 * @param open makes the signer, once
 * @param absent why this custody cannot be tried here, if it cannot
 */
export function signerContract(name: string, open: () => Promise<SignerBench>, absent?: string): void {
  describe(`a signer of ${name}`, () => {
    let opened: Promise<SignerBench> | undefined;
    let bench: SignerBench;
    let verify: (data: Uint8Array, signature: Uint8Array) => boolean;
    beforeEach(async ({ skip }) => {
      if (absent) skip(absent);
      opened ??= open();
      bench = await opened;
      const key = importPublicJwk(bench.key.publicJwk);
      verify = (data, signature) => suiteOf(bench.key.suite).verify(key, data, signature);
    });

    it('names the key that was asked for, as a public one', async () => {
      const { signer, key } = bench;
      expect(signer).toMatchObject({ kid: key.kid, suite: key.suite, publicJwk: key.publicJwk });
      expect(signer.publicJwk).toMatchObject({ kid: key.kid, alg: suiteOf(key.suite).alg });
      expect(await calculateJwkThumbprint(signer.publicJwk)).toBe(key.kid);
    });

    it('signs with it', async () => {
      const signature = await bench.signer.sign(Buffer.from('办件'));
      expect(verify(Buffer.from('办件'), signature)).toBe(true);
      expect(verify(Buffer.from('另案'), signature)).toBe(false);
    });

    it('signs nothing at all, and the largest thing there is', async () => {
      for (const data of [Buffer.alloc(0), Buffer.alloc(LARGEST_BYTES, 0xa5)])
        expect(verify(data, await bench.signer.sign(data))).toBe(true);
    });

    it('signs many things at once, each for itself', async () => {
      const texts = Array.from({ length: 30 }, (_, index) => Buffer.from(`text ${index}`));
      const signatures = await Promise.all(texts.map((text) => bench.signer.sign(text)));
      expect(texts.filter((text, index) => !verify(text, signatures[index]!))).toEqual([]);
    });

    it('keeps the caller going meanwhile', async () => {
      const signature = bench.signer.sign(Buffer.from('text'));
      expect(signature).toBeInstanceOf(Promise);
      await signature;
    });

    it('hands out nothing private', () => {
      const { signer, secrets } = bench;
      const reached = everythingIn(signer);
      expect(reached.filter((value) => value instanceof KeyObject || value instanceof CryptoKey)).toEqual([]);
      expect(reached.filter((value) => Object.hasOwn(Object(value), 'd'))).toEqual([]);
      const shown = [JSON.stringify(signer), inspect(signer, { depth: null, showHidden: true, getters: true })];
      for (const secret of secrets) for (const text of shown) expect(text).not.toContain(secret);
    });
  });
}
