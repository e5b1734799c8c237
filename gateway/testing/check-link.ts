import { decode, encode, type messages } from '#proto';
import type { RegionStatement } from '#trust';
import type { CheckService } from '../certificate/check-service.ts';
import { statusOf } from '../inbound/grpc-status.ts';
import { codedError, type PeerClient } from '../outbound/peer-client.ts';

type Change = (envelope: messages.Envelope) => messages.Envelope | Promise<messages.Envelope>;

/** Somebody on the wire who may change what passes. */
export interface Interference {
  question?: Change;
  answer?: Change;
}

/**
 * Joins two regions without a network: what crosses is encoded and decoded as on the wire, and an error crosses as the
 * status that carries its code.
 *
 * @param asker the region whose TLS certificate the answering side sees
 * @param interference looked at anew for every question
 */
export function checkLink(
  answering: CheckService,
  asker: RegionStatement,
  interference: Interference = {},
): Pick<PeerClient, 'check'> {
  return {
    async check(envelope) {
      const { question = unchanged, answer = unchanged } = interference;
      const arrived = await question(overTheWire(envelope));
      try {
        return { envelope: await answer(overTheWire(await answering.answer(asker, arrived))) };
      } catch (error) {
        throw codedError(statusOf(error));
      }
    },
  };
}

function unchanged(envelope: messages.Envelope): messages.Envelope {
  return envelope;
}

function overTheWire(envelope: object): messages.Envelope {
  return decode('Envelope', encode('Envelope', envelope));
}
