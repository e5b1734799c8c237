import { randomUUIDv7 } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { decode, ExchangeClient, encode, type messages, typeName } from '#proto';
import { fixEnvelope, openFileKeyStore, type Signer, sealEnvelopes, type TlsIdentity, verifyStatement } from '#trust';
import type { DemoRegion } from './region.ts';

/** An envelope's bytes, as a bundle holds them or as they are made here. */
export interface RawEnvelope {
  readonly header: Buffer;
  readonly payload: Buffer;
  readonly payloadSalt: Buffer;
  readonly leaf: Buffer;
}

/** Somebody who holds a region's keys and speaks to another region without a gateway. */
export interface Speaker {
  readonly code: string;
  readonly signer: Signer;
  readonly tls: TlsIdentity;
}

/**
 * Opens the keys of a region's folder.
 *
 * @param kid another signing key than the newest
 */
export async function speakAs(region: DemoRegion, kid?: string): Promise<Speaker> {
  const passphrase = (await readFile(region.passphraseFile, 'utf8')).trim();
  const keys = await openFileKeyStore(join(region.dir, 'keys'), passphrase);
  return { code: region.code, signer: await keys.signer('signing', kid), tls: await keys.tls() };
}

/** Makes an envelope that opens a conversation. */
export function makeEnvelope(
  from: string,
  to: string,
  name: 'Ping' | 'CaseTransfer',
  payload: object,
  authorization?: { id: string; digest: Buffer },
): RawEnvelope {
  const sentAt = Date.now();
  return fixEnvelope(
    {
      id: randomUUIDv7(),
      type: typeName(name),
      sender: from,
      recipient: to,
      conversation: randomUUIDv7(),
      sequence: 1,
      sentAt,
      expiresAt: sentAt + 3_600_000,
      authorizationId: authorization?.id ?? '',
      authorizationDigest: authorization?.digest ?? Buffer.alloc(0),
      inReplyTo: '',
      suite: 'ES256',
    },
    encode(name, payload),
  );
}

/**
 * Sends one envelope over a stream of its own and returns what was answered.
 *
 * @param connection whose TLS identity is used
 * @param seal whose key signs, and in whose name
 */
export async function sendAlone(
  connection: Speaker,
  target: string,
  envelope: RawEnvelope,
  seal: { readonly signer: Signer; readonly name: string },
): Promise<{ code: string; receipt?: Buffer }> {
  const statement = await verifyStatement(target);
  const roots = Buffer.from(statement.tls.map(({ certificate }) => certificate.toString()).join('\n'));
  const { privateKeyPem, certificatePem } = connection.tls;
  const client = new ExchangeClient(
    statement.endpoint,
    credentials.createSsl(roots, privateKeyPem, certificatePem, { checkServerIdentity: () => undefined }),
    {
      'grpc.ssl_target_name_override': `${statement.region}.tongban.invalid`,
    },
  );
  const stream = client.exchange();
  stream.on('error', () => {});
  try {
    const { signedRoot } = await sealEnvelopes(seal.signer, seal.name, [envelope.leaf], Date.now());
    stream.write({ hello: { protocol: 1, region: connection.code } });
    const { header, payload, payloadSalt } = envelope;
    stream.write({
      batch: { number: 1, signedRoot: Buffer.from(signedRoot), envelopes: [{ header, payload, payloadSalt }] },
    });
    for await (const frame of stream as AsyncIterable<messages.ExchangeResponse>) {
      if (frame.receipts) return answerOf(frame.receipts);
    }
    throw new Error('the stream ended without an answer');
  } finally {
    stream.cancel();
    client.close();
  }
}

function answerOf({ receipts, refusals, deferrals }: messages.ReceiptBatch): { code: string; receipt?: Buffer } {
  const receipt = receipts[0];
  if (receipt) return { code: decode('ReceiptBody', receipt).code, receipt };
  return { code: refusals[0]?.code ?? deferrals[0]?.code ?? '' };
}
