import { Duplex } from 'node:stream';
import { decode, encode, type messages } from '#proto';
import type { RegionStatement } from '#trust';
import type { CheckService } from '../certificate/check-service.ts';
import { statusOf } from '../inbound/grpc-status.ts';
import { type CheckStream, codedError, type PeerClient } from '../outbound/peer-client.ts';

type Change<T> = (message: T) => T | Promise<T>;

/** Somebody on the wire who may change what passes. */
export interface Interference {
  question?: Change<messages.Envelope>;
  answer?: Change<messages.Envelope>;
  questions?: Change<messages.CheckManyRequest>;
  answers?: Change<messages.CheckManyResponse>;
}

/**
 * Joins two regions without a network: what crosses is encoded and decoded as on the wire, and an error crosses as the
 * status that carries its code.
 *
 * @param asker the region whose TLS certificate the answering side sees
 * @param interference looked at anew for every question and every frame
 */
export function checkLink(
  answering: CheckService,
  asker: RegionStatement,
  interference: Interference = {},
): Pick<PeerClient, 'check' | 'checkMany'> {
  return {
    async check(envelope) {
      const { question = unchanged, answer = unchanged } = interference;
      const arrived = await question(overTheWire('Envelope', envelope));
      try {
        return { envelope: await answer(overTheWire('Envelope', await answering.answer(asker, arrived))) };
      } catch (error) {
        throw codedError(statusOf(error));
      }
    },

    checkMany: () => streamTo(answering, asker, interference),
  };
}

function streamTo(answering: CheckService, asker: RegionStatement, interference: Interference): CheckStream {
  async function answer(frame: object): Promise<void> {
    const { questions = unchanged, answers = unchanged } = interference;
    const group = await questions(overTheWire('CheckManyRequest', frame));
    for await (const answered of answering.answerGroup(asker, group))
      stream.push(await answers(overTheWire('CheckManyResponse', answered)));
  }
  const stream = new Duplex({
    objectMode: true,
    read: () => {},
    write: (frame: object, _encoding, done) => {
      answer(frame).then(
        () => done(),
        (error) => stream.destroy(codedError(statusOf(error))),
      );
    },
    final: (done) => {
      stream.push(null);
      done();
    },
  });
  return Object.assign(stream, { cancel: () => stream.destroy() }) as unknown as CheckStream;
}

function unchanged<T>(message: T): T {
  return message;
}

function overTheWire<N extends 'Envelope' | 'CheckManyRequest' | 'CheckManyResponse'>(name: N, message: object) {
  return decode(name, encode(name, message));
}
