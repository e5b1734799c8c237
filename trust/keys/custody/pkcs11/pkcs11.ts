import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { CodedError } from '#proto';
import { readPassphrase } from '../../passphrase.ts';
import { checkedSigner, type StatedKey } from '../checked-signer.ts';
import type { Pkcs11Custody } from '../custody.ts';
import { Turns } from '../turns.ts';
import { type Pkcs11Access, readPublicKey, signDigest } from './pkcs11-tool.ts';

/** Cards take about a second for a signature, and some need their time to wake up. */
const TIMEOUT_MS = 10_000;

/** One signature at a time: many tokens do no more. Each is for a whole batch, so few ever wait. */
const LIMITS = { atOnce: 1, waiting: 256 } as const;

/** What is needed to reach tokens. */
export interface Pkcs11Context {
  /** Where paths of a custody start. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Keys in cards and hardware security modules, through the command `pkcs11-tool`: no library of a vendor is loaded here. */
export class Pkcs11Tokens {
  readonly #context: Pkcs11Context;
  readonly #timeoutMs: number;
  readonly #turns = new Map<string, Turns>();
  /** Tokens that refused the PIN of a file. They count, and lock themselves after a few tries. */
  readonly #refused = new Map<string, CodedError>();

  /** @param timeoutMs for one answer */
  constructor(context: Pkcs11Context, timeoutMs = TIMEOUT_MS) {
    this.#context = context;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The signer of a key in a token. Nothing is asked of the token before the first signature.
   *
   * @throws CodedError CONFIG_INVALID for another suite than ES256 or a PIN file that cannot be read; its signatures
   *   PASSPHRASE_WRONG, KEY_MISSING, SIGNER_UNAVAILABLE, SIGNER_REFUSED, SIGNER_WRONG
   */
  async signer(custody: Pkcs11Custody, key: StatedKey): Promise<ReturnType<typeof checkedSigner>> {
    if (key.suite !== 'ES256')
      throw new CodedError('CONFIG_INVALID', `keys in PKCS#11 tokens sign with ES256 only, not with ${key.suite}`);
    const pin = await this.#pinOf(custody);
    const where = `the token ${custody.token}`;
    return checkedSigner(key, where, (data) => this.#sign(custody, pin, hash('sha256', data, 'buffer')));
  }

  /**
   * The public half of a key in a token.
   *
   * @throws CodedError KEY_MISSING, SIGNER_UNAVAILABLE, SIGNER_REFUSED
   */
  async publicKey(custody: Pkcs11Custody): Promise<KeyObject> {
    const der = await this.#turnsOf(custody).run(() => readPublicKey(this.#access(custody)));
    try {
      return createPublicKey({ key: der, format: 'der', type: 'spki' });
    } catch {
      throw new CodedError('KEY_MISSING', `the token ${custody.token} has no public key with the id ${custody.id}`);
    }
  }

  #sign(custody: Pkcs11Custody, pin: string, digest: Uint8Array): Promise<Buffer> {
    return this.#turnsOf(custody).run(async () => {
      const refused = this.#refused.get(nameOf(custody));
      if (refused) throw refused;
      try {
        return await signDigest(this.#access(custody), pin, digest);
      } catch (error) {
        if (error instanceof CodedError && error.code === 'PASSPHRASE_WRONG') throw this.#stopTrying(custody, error);
        throw error;
      }
    });
  }

  #stopTrying(custody: Pkcs11Custody, { code, message }: CodedError): CodedError {
    const words = `${message}; it is not tried again, because tokens lock themselves: correct ${custody.pinFile} and start again`;
    const error = new CodedError(code, words);
    this.#refused.set(nameOf(custody), error);
    return error;
  }

  #turnsOf(custody: Pkcs11Custody): Turns {
    const name = nameOf(custody);
    const known = this.#turns.get(name);
    if (known) return known;
    const full = () => new CodedError('SIGNER_UNAVAILABLE', `too many signatures wait for the token ${custody.token}`);
    const turns = new Turns(LIMITS, full);
    this.#turns.set(name, turns);
    return turns;
  }

  #access({ module, token, id }: Pkcs11Custody): Pkcs11Access {
    return { module, token, id, environment: this.#context.environment, timeoutMs: this.#timeoutMs };
  }

  async #pinOf({ pinFile }: Pkcs11Custody): Promise<string> {
    return (await readPassphrase({ file: resolve(this.#context.folder, pinFile) })).passphrase;
  }
}

function nameOf({ module, token }: Pkcs11Custody): string {
  return `${module}\n${token}`;
}
