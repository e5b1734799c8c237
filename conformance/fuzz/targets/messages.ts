import { readFileSync } from 'node:fs';
import { CodedError, checkPayload, decode, type MessageName, PAYLOAD_NAMES, type PayloadName } from '#proto';
import type { Target } from '../target.ts';

const FRAMES = ['ExchangeRequest', 'ExchangeResponse', 'CheckManyRequest', 'CheckManyResponse'] as const;
const PARTS = ['Envelope', 'EnvelopeHeader', 'ReceiptBody', 'LogEntry'] as const;
const RECORDED = new URL('../../../proto/vectors/codec.json', import.meta.url);

/** The wire format: frames, their parts, and every payload with its rules. What is read proves nothing yet. */
export function messageTargets(): Target[] {
  const recorded = readRecorded();
  // Where no message of a name is recorded, those of all others are as good a beginning.
  const seedsOf = (name: MessageName) => recorded.get(name) ?? [...recorded.values()].flat();
  const target = (name: MessageName, take: (input: Buffer) => void): Target => ({
    name,
    seeds: seedsOf(name),
    take: (input) => {
      take(input as Buffer);
      return [];
    },
  });
  return [
    ...[...FRAMES, ...PARTS].map((name) => target(name, (input) => void decode(name, input))),
    ...PAYLOAD_NAMES.map((name) => target(name, (input) => readPayload(name, input))),
  ];
}

function readPayload(name: PayloadName, bytes: Buffer): void {
  const problems = checkPayload(name, decode(name, bytes));
  if (problems.length > 0) throw new CodedError('VALIDATION_FAILED', undefined, problems);
}

function readRecorded(): Map<string, Buffer[]> {
  const { messages } = JSON.parse(readFileSync(RECORDED, 'utf8')) as { messages: { name: string; bytes: string }[] };
  const byName = new Map<string, Buffer[]>();
  for (const { name, bytes } of messages) byName.set(name, [...(byName.get(name) ?? []), Buffer.from(bytes, 'hex')]);
  return byName;
}
