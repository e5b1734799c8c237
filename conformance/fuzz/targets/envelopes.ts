import { decode, encode, type messages } from '#proto';
import {
  openMember,
  openSealed,
  readArrived,
  type VerifiedEnvelope,
  verifyGroup,
  verifyReceiptGroup,
  verifyStatement,
} from '#trust';
import type { Input } from '../mutate.ts';
import { recorded } from '../seeds.ts';
import type { Target } from '../target.ts';

interface RecordedEnvelope {
  readonly header: string;
  readonly payload: string;
  readonly payload_salt: string;
}

interface RecordedSeal {
  readonly signed_root: string;
  readonly leaf_index: number;
  readonly tree_size: number;
  readonly inclusion_path: readonly string[];
}

interface EnvelopeVector {
  readonly statement: string;
  readonly sender: string;
  readonly recipient: string;
  readonly now: number;
  readonly batch: { readonly signed_root: string; readonly envelopes: readonly RecordedEnvelope[] };
  readonly single: RecordedEnvelope & { readonly seal: RecordedSeal };
}

interface ReceiptVector {
  readonly statement: string;
  readonly group: { readonly signed_root: string; readonly receipts: readonly string[] };
}

/** Envelopes in batches and with seals of their own, and receipts, of every suite. */
export async function envelopeTargets(): Promise<Target[]> {
  const envelopes = await Promise.all(recorded<EnvelopeVector>('envelope').map(ofEnvelopes));
  const receipts = await Promise.all(recorded<ReceiptVector>('receipt').map(ofReceipts));
  return [...envelopes.flat(), ...receipts];
}

/** A batch as it travels, of every suite; to everybody but its recipient of long ago it is a forgery. */
export function recordedBatches(): Buffer[] {
  return recorded<EnvelopeVector>('envelope').map(({ batch }) =>
    encode('ExchangeRequest', { batch: batchFields(batch) }),
  );
}

/** Inputs go over the wire format, so that only what can arrive is tried. */
async function ofEnvelopes({ statement, sender, recipient, now, batch, single }: EnvelopeVector): Promise<Target[]> {
  const region = await verifyStatement(statement);
  const [suite] = region.suites;
  return [
    {
      name: `envelope with its seal ${suite}`,
      seeds: [{ ...fields(single), seal: sealFields(single.seal) }],
      take: (input) => {
        const envelope = decode('Envelope', encode('Envelope', input as object));
        return [believed(openSealed(readArrived(envelope, sender, recipient), envelope.seal, region, now))];
      },
    },
    {
      name: `batch ${suite}`,
      seeds: [batchFields(batch)],
      take: (input) => {
        const { batch: read } = decode('ExchangeRequest', encode('ExchangeRequest', { batch: input }));
        const { signedRoot, envelopes } = read as messages.Batch;
        const headers = envelopes.map(({ header }) => header);
        const root = verifyGroup(signedRoot, headers, region, { kind: 'arrival', now });
        return envelopes.map((one) => believed(openMember(readArrived(one, sender, recipient), root, now)));
      },
    },
  ];
}

async function ofReceipts({ statement, group }: ReceiptVector): Promise<Target> {
  const issuer = await verifyStatement(statement);
  return {
    name: `receipts ${issuer.suites[0]}`,
    seeds: [{ signedRoot: Buffer.from(group.signed_root), receipts: group.receipts.map(hex) }],
    take: (input) => {
      const { receipts } = decode('ExchangeResponse', encode('ExchangeResponse', { receipts: input }));
      const { signedRoot, receipts: bodies } = receipts as messages.ReceiptBatch;
      return verifyReceiptGroup(signedRoot, bodies, issuer).map((leaf) => leaf.toString('hex'));
    },
  };
}

function believed({ headerBytes, payload }: VerifiedEnvelope): string {
  return `${headerBytes.toString('hex')} ${payload.toString('hex')}`;
}

function hex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

function batchFields({ signed_root: root, envelopes }: EnvelopeVector['batch']): Record<string, Input> {
  return { number: 1, signedRoot: Buffer.from(root), envelopes: envelopes.map(fields) };
}

function fields({ header, payload, payload_salt: salt }: RecordedEnvelope): Record<string, Input> {
  return { header: hex(header), payload: hex(payload), payloadSalt: hex(salt) };
}

function sealFields({ signed_root: root, leaf_index: leafIndex, tree_size: treeSize, inclusion_path }: RecordedSeal) {
  return { signedRoot: Buffer.from(root), leafIndex, treeSize, inclusionPath: inclusion_path.map(hex) };
}
