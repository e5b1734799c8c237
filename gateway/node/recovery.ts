import { CodedError, decode, payloadName } from '#proto';
import { type RegionStatement, sealReceipts } from '#trust';
import { materialsOf } from '../case/payloads.ts';
import { LogAlarms } from '../evidence/witness/log-alarms.ts';
import type { Dispatcher } from '../outbound/dispatcher.ts';
import type { MaterialPusher } from '../outbound/material-pusher.ts';
import { giveBack } from '../recovery/give-back.ts';
import { Recovery, type RecoveryOptions } from '../recovery/recovery.ts';
import type { Core } from './core.ts';

/** Milliseconds for the files of one envelope that is given back. */
const FILES_MS = 10 * 60_000;

/** What a restored store gets from peers, and what peers whose store was restored get from us. */
export function openRecovery(
  core: Core,
  handlers: Pick<RecoveryOptions, 'agreementOf' | 'handlerOf' | 'onSettled' | 'actAgain'>,
  { materials, dispatcher }: { readonly materials: MaterialPusher; readonly dispatcher: () => Dispatcher },
): { recovery: Recovery; giveBack: (peer: RegionStatement, since: number) => AsyncIterable<object> } {
  const { store, clock, evidence, outbox, letters, gate, log, metrics, region, signer } = core;
  const recovery = new Recovery({
    store,
    clock,
    log: evidence,
    outbox,
    letters,
    gate,
    alarms: new LogAlarms(store, clock, ({ region: whose, kind }) => metrics.logAlarm(whose, kind)),
    own: () => core.own,
    agreementOf: handlers.agreementOf,
    handlerOf: handlers.handlerOf,
    onSettled: handlers.onSettled,
    actAgain: handlers.actAgain,
    onUnexpected: (error, envelope) =>
      log.error({ err: error, envelope }, 'what a restored envelope did could not be done again: look'),
    news: {
      putBack: (peer) =>
        log.error(
          { peer, code: 'STORE_PUT_BACK' },
          'a peer has seen more than this database knows: it was put back; stop and run: tongban store restored',
        ),
      restored: (peer, count) =>
        log.warn({ peer, count }, 'a peer gave back what the restored database lacked; see: tongban store recovery'),
      failed: (peer, code) =>
        log.warn({ peer, code }, 'a peer could not give back what the restored database lacks; it is tried again'),
    },
  });
  const pushFiles = async (peer: RegionStatement, conversation: string, type: string, payload: Buffer) => {
    const name = payloadName(type) ?? payloadName(`tongban.v1.${type}`);
    const client = dispatcher().link(peer.region)?.client;
    if (!name || !client) return;
    try {
      const digests = materialsOf(name, decode(name, payload));
      if (digests.length === 0) return;
      await materials.push(client, peer.region, conversation, digests, AbortSignal.timeout(FILES_MS));
    } catch (error) {
      log.warn({ peer: peer.region, err: error }, 'a material could not be brought back to a peer that was restored');
    }
  };
  return {
    recovery,
    giveBack: async function* (peer, since) {
      if (gate.isPutBack) throw new CodedError('STORE_PUT_BACK');
      log.warn({ peer: peer.region }, 'a peer whose database was restored asks for what it lost');
      yield* giveBack(peer.region, since, {
        read: store.read,
        sealReceipt: (body) => sealReceipts(signer, region, [body], clock.now()),
        pushFiles: (conversation, type, payload) => pushFiles(peer, conversation, type, payload),
      });
    },
  };
}
