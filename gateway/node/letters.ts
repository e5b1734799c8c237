import { caseResending } from '../case/resending.ts';
import { DeadLetters, type LetterKeeper } from '../dead-letter/dead-letters.ts';
import type { Letter } from '../dead-letter/letter.ts';
import type { SettleHandler } from '../outbound/context.ts';
import type { Dispatcher } from '../outbound/dispatcher.ts';
import { PeerLetters } from '../outbound/peer-letters.ts';
import type { PlatformEvents } from '../platform/platform-events.ts';
import type { Platforms } from '../platform/platforms.ts';
import type { LogFields } from '../telemetry/log-fields.ts';
import { isWebhookQueue } from '../webhook/subscription.ts';
import type { Webhooks } from '../webhook/webhooks.ts';
import type { Core } from './core.ts';

/** The rooms whose queues letters fall out of. */
export interface LetterRooms {
  readonly events: PlatformEvents;
  readonly platforms: Platforms;
  readonly webhooks: Webhooks;
  readonly onSettled: SettleHandler;
  readonly dispatcher: () => Dispatcher | undefined;
}

/** Dead letters (死信): who is alarmed, and what operators can do about them. */
export function openLetters(core: Core, rooms: LetterRooms): DeadLetters {
  const { letters: book, store, clock, outbox, log, metrics } = core;
  const { events, platforms, webhooks, onSettled, dispatcher } = rooms;
  metrics.watchDeadLetters(() => book.counts());
  book.listen(async (tx, letter) => {
    tx.afterCommit(() => alarm(core, letter));
    // A platform that takes nothing is not told so by an event, and one that hands something in is told at once.
    if (letter.queue !== 'peer') return;
    const { subject, name: peer, id: envelope, type: payload, reason, code } = letter;
    const data = { conversation: subject, peer, envelope, payload, reason, code, at: clock.now() };
    await events.emit(tx, { type: 'cn.tongban.envelope.dead-lettered.v1', subject, data });
  });
  return new DeadLetters({
    store,
    clock,
    book,
    keepers: {
      peer: new PeerLetters({
        outbox,
        resending: caseResending,
        onSettled,
        events: {
          settleFailed: (peer, envelope, err) =>
            log.error({ peer, envelope, err }, 'nobody could be told that an envelope was given up: look'),
        },
        onRevived: (peer, conversation) => dispatcher()?.revive(peer, conversation),
      }),
      platform: byQueue(platforms.letterKeeper, webhooks.letterKeeper),
      intake: platforms.submissionKeeper,
    },
  });
}

/** Events of both kinds of platforms, those of the configuration and those that subscribed by the API. */
function byQueue(configured: LetterKeeper, subscribed: LetterKeeper): LetterKeeper {
  const keeperOf = ({ name }: Letter) => (isWebhookQueue(name) ? subscribed : configured);
  return {
    retry: (tx, letter) => keeperOf(letter).retry(tx, letter),
    drop: (tx, letter) => keeperOf(letter).drop(tx, letter),
    detail: (sql, letter) => keeperOf(letter).detail(sql, letter),
  };
}

function alarm({ log, metrics }: Core, { queue, name, id, subject, sequence, reason, code }: Letter): void {
  metrics.deadLetter(queue, reason);
  const about: LogFields = { sequence, ...(code !== '' && { code }) };
  const text = 'a dead letter: it is delivered no more unless an operator says so; see tongban dead-letter list';
  const refused = 'a platform handed in what is refused: it is parked as a dead letter; see tongban dead-letter list';
  if (queue === 'peer') log.error({ peer: name, envelope: id, conversation: subject, ...about }, text);
  else log.error({ adapter: name, conversation: subject, ...about }, queue === 'intake' ? refused : text);
}
