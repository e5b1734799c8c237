import { type Clock, SignatureServer } from '#trust';
import type { SignerConfig } from '../config/signer-config.ts';
import { HttpsTransport } from './https-transport.ts';

/** The signature servers of a gateway (签名验签服务器), by the names that keys.json uses. Must be closed. */
export interface SignatureServers {
  readonly servers: ReadonlyMap<string, SignatureServer>;
  close(): void;
}

export interface SignatureServersContext {
  /** Passphrase of the key folder: it also opens an encrypted client key. */
  readonly passphrase: string;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Makes the clients of all configured signature servers. Nothing is dialled before the first use. */
export function openSignatureServers(
  configs: readonly SignerConfig[],
  { passphrase, clock, random }: SignatureServersContext,
): SignatureServers {
  const transports = configs.map((config) => new HttpsTransport(config, passphrase));
  const servers = configs.map(({ name, timeoutMs, concurrency }, index) => {
    const transport = transports[index]!;
    return [name, new SignatureServer({ name, transport, clock, random, timeoutMs, atOnce: concurrency })] as const;
  });
  return {
    servers: new Map(servers),
    close: () => {
      for (const transport of transports) transport.close();
    },
  };
}
