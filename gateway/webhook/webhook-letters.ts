import { CodedError } from '#proto';
import type { LetterKeeper } from '../dead-letter/dead-letters.ts';
import { parkedEvents } from '../platform/parked.ts';
import type { Couriers } from './couriers.ts';

/** What can be done about events that a webhook never took (死信). */
export function webhookLetters(couriers: Couriers): LetterKeeper {
  return {
    async retry(tx, letter) {
      const delivery = couriers.deliveryOf(letter.name);
      if (!delivery) throw new CodedError('CONFLICT', 'there is no such webhook at work; drop it');
      await parkedEvents.unpark(tx, letter);
      tx.afterCommit(() => delivery.revived());
      return '';
    },
    drop: (tx, letter) => parkedEvents.remove(tx, letter),
    detail: (sql, letter) => parkedEvents.detail(sql, letter),
  };
}
