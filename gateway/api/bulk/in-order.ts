import { Readable } from 'node:stream';

/** Milliseconds without an answer after which a space is sent ahead of the next one. */
const SIGN_OF_LIFE_MS = 1000;

export interface InOrderOptions {
  /** Entries in work at once, counted until their answers are given out. */
  readonly atOnce: number;
  /** Called once when all is answered, or when the reader went away. */
  readonly onEnd?: () => void;
}

/**
 * Works on entries as they come, some at a time, and gives their answers out in the order of the entries, each as soon
 * as those before it are there. Neither a slow reader nor slow work makes it hold more than `atOnce` of them.
 *
 * While it has to wait it sends spaces: a connection from which nothing is read does not notice otherwise that its
 * other end went away. JSON allows them before a value.
 *
 * @param answer the text for an entry, counted from 1; if it fails the stream fails
 */
export function answerInOrder<T>(
  batches: AsyncIterable<readonly T[]>,
  answer: (entry: T, number: number) => Promise<string>,
  { atOnce, onEnd }: InOrderOptions,
): Readable {
  const ready = new Map<number, string>();
  let started = 0;
  let given = 0;
  let isComplete = false;
  let isWanted = false;
  let isGivingSoon = false;
  let isQuiet = true;
  let goOn: () => void = () => {};

  const answers = new Readable({
    read: () => {
      isWanted = true;
      giveSoon();
    },
    destroy: (error, done) => {
      clearInterval(signs);
      goOn();
      onEnd?.();
      done(error);
    },
  });
  const signs = setInterval(() => {
    if (isQuiet && isWanted) isWanted = answers.push(' ');
    isQuiet = true;
  }, SIGN_OF_LIFE_MS);
  work().catch((error: Error) => answers.destroy(error));
  return answers;

  async function work(): Promise<void> {
    for await (const batch of batches) {
      for (const entry of batch) {
        while (started - given >= atOnce && !answers.destroyed) await roomForOne();
        if (answers.destroyed) return;
        start(entry);
      }
    }
    isComplete = true;
    giveSoon();
  }

  function roomForOne(): Promise<void> {
    return new Promise((resolve) => {
      goOn = resolve;
    });
  }

  function start(entry: T): void {
    started += 1;
    const number = started;
    answer(entry, number).then(
      (text) => {
        ready.set(number, text);
        giveSoon();
      },
      (error: Error) => answers.destroy(error),
    );
  }

  /** Many answers become ready with one commit: they leave together. */
  function giveSoon(): void {
    if (isGivingSoon) return;
    isGivingSoon = true;
    setImmediate(() => {
      isGivingSoon = false;
      give();
    });
  }

  function give(): void {
    if (!isWanted || answers.destroyed) return;
    let text = '';
    for (let next = ready.get(given + 1); next !== undefined; next = ready.get(given + 1)) {
      text += next;
      given += 1;
      ready.delete(given);
    }
    if (text !== '') {
      isQuiet = false;
      isWanted = answers.push(text);
      goOn();
    }
    if (!isComplete || given < started) return;
    clearInterval(signs);
    answers.push(null);
  }
}
