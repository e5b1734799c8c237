import { CodedError, encode, isErrorCode, services } from '#proto';
import type { RegionStatement } from '#trust';
import { CallEnded } from '../../wire/call-end.ts';
import { honestHello } from '../../wire/session.ts';
import type { WireClient } from '../../wire/wire-client.ts';
import type { Target } from '../target.ts';
import { recordedBatches } from '../targets/envelopes.ts';
import { messageTargets } from '../targets/messages.ts';
import type { Alive } from './peer-port.ts';

/** What a peer answers when gRPC itself cannot read a message: nothing of ours has seen it. */
const UNREADABLE = 'INTERNAL';

/** The port for other regions, met by one that is pinned and sends what it should not. */
export function pinnedPeerTargets(
  client: WireClient,
  own: RegionStatement,
  peer: RegionStatement,
  alive: Alive,
): Target[] {
  const seedsOf = (name: string) => messageTargets().find((target) => target.name === name)!.seeds;
  const statement = encode('ExchangeRequest', { statement: { statement: own.jwt, heldSerial: 1 } });
  const checkpoint = encode('ExchangeRequest', { checkpoint: { note: `tongban/log/${own.region}/1\n0\n\n` } });
  return [
    {
      name: 'pinned peer Exchange',
      seeds: [...recordedBatches(), ...seedsOf('ExchangeRequest'), statement, checkpoint],
      take: async (input) => {
        const line = client.exchange();
        line.send({ hello: honestHello(own, peer) });
        await line.next();
        line.send(input as Buffer);
        const frames = await line.close();
        await alive();
        const refusals = frames.flatMap(({ receipts }) => receipts?.refusals ?? []);
        const unknown = refusals.find(({ code }) => !isErrorCode(code));
        if (unknown) throw new Error(`refused with ${unknown.code}, which is in no registry`);
        if (refusals.length > 0) throw new CodedError('MALFORMED');
        return [];
      },
    },
    {
      name: 'pinned peer Check',
      seeds: seedsOf('Envelope').map((envelope) =>
        Buffer.concat([Buffer.from([0x0a, 0x80, 0x01]), envelope as Buffer]),
      ),
      take: async (input) => {
        try {
          await client.raw(services.check.Check.path, input as Buffer);
        } catch (error) {
          await alive();
          if (!(error instanceof CallEnded)) throw error;
          const { status, code } = error.end;
          if (isErrorCode(code)) throw new CodedError(code);
          if (status === UNREADABLE) throw new CodedError('MALFORMED');
          throw new Error(`the call ended with ${error.message}, without a code of the registry`);
        }
        return [];
      },
    },
  ];
}
