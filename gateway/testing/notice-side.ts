import { randomUUID, randomUUIDv7 } from 'node:crypto';
import { CodedError, type ErrorCode } from '#proto';
import type { ThrowawayRegion } from '../../trust/testing/index.ts';
import type { TellCertificateNews } from '../certificate/library-news.ts';
import { IncomingNotices } from '../certificate/notice/incoming-notices.ts';
import { OutgoingNotices } from '../certificate/notice/outgoing-notices.ts';
import type { ReceivedNotice } from '../certificate/notice/received-table.ts';
import { Outbox } from '../outbound/outbox.ts';
import { bringBack, type Carrier, handOver } from './region-pair.ts';

/** What a region tells of its certificates and hears of others', without a network. */
export interface NoticeSide {
  readonly carrier: Carrier;
  readonly outgoing: OutgoingNotices;
  readonly incoming: IncomingNotices;
  /** What it heard of certificates that it does not have. */
  readonly heard: ReceivedNotice[];
  /** Whom it could not tell, and why: `150626 PEER_NOT_PINNED`. */
  readonly untold: string[];
  /** Types that its outbox has no room for. */
  readonly full: Set<string>;
  /** Lets it see that its pins changed. */
  pinsChanged(): void;
  /** The same with what is in the store, as after a restart. */
  restarted(): OutgoingNotices;
}

interface Ground extends Pick<Carrier, 'region' | 'own' | 'store' | 'clock' | 'log'> {
  readonly pinned: ReadonlyMap<string, ThrowawayRegion>;
  readonly tell: TellCertificateNews;
}

export function noticeSide({ pinned, tell, ...ground }: Ground): NoticeSide {
  const { region, store, clock, log, own } = ground;
  const heard: ReceivedNotice[] = [];
  const untold: string[] = [];
  const full = new Set<string>();
  const listeners: (() => void)[] = [];
  const statementOf = (peer: string) => pinned.get(peer)?.statement;
  const outbox = new Outbox({
    store,
    clock,
    log,
    region,
    suite: own.signing.suite,
    newId: randomUUIDv7,
    capacity: 1000,
    mayAccept: (name) => {
      if (full.has(name)) throw new CodedError('BACK_PRESSURE');
    },
    onEnqueued: () => {},
  });
  const newOutgoing = () =>
    new OutgoingNotices({
      store,
      clock,
      region,
      outbox,
      peers: { get: statementOf, onChange: (listener) => void listeners.push(listener) },
      newId: randomUUID,
      onUntold: (peer: string, _conversation: string, code: ErrorCode) => void untold.push(`${peer} ${code}`),
      onError: (error) => {
        throw error;
      },
    });
  const demand = (peer: string) => {
    const statement = statementOf(peer);
    if (!statement) throw new CodedError('PEER_NOT_PINNED');
    return statement;
  };
  return {
    carrier: { ...ground, outbox, peers: { demand } },
    outgoing: newOutgoing(),
    incoming: new IncomingNotices({
      store,
      clock,
      tell,
      tellNotice: async (_tx, notice) => void heard.push(notice),
    }),
    heard,
    untold,
    full,
    pinsChanged: () => {
      for (const listener of listeners) listener();
    },
    restarted: newOutgoing,
  };
}

/** Everything that waits goes from one region to another, with its receipts; the codes of the verdicts. */
export async function carryNotices(from: NoticeSide, to: NoticeSide): Promise<string[]> {
  const verdicts = await handOver(from.carrier, to.carrier, to.incoming.incoming);
  await bringBack(from.carrier, to.carrier, verdicts, (tx, settled) => from.outgoing.settled(tx, settled));
  return verdicts.map(({ code }) => code);
}
