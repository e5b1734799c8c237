import { Readable } from 'node:stream';

/**
 * Works on entries as they come, up to `atOnce` at a time, and gives their answers out in the order of the entries,
 * each as soon as those before it are there. Neither a slow reader nor a slow writer makes it hold more than that.
 *
 * @param answer the text for an entry, counted from 1; if it fails the stream fails
 * @param onEnd called once when all is answered, or when the reader went away
 */
export function answerInOrder<T>(
  batches: AsyncIterable<readonly T[]>,
  answer: (entry: T, number: number) => Promise<string>,
  atOnce: number,
  onEnd: () => void = () => {},
): Readable {
  const ready = new Map<number, string>();
  let started = 0;
  let given = 0;
  let isComplete = false;
  let isWanted = false;
  let isGivingSoon = false;
  let goOn: () => void = () => {};

  const answers = new Readable({
    read: () => {
      isWanted = true;
      giveSoon();
    },
    destroy: (error, done) => {
      goOn();
      onEnd();
      done(error);
    },
  });
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
      isWanted = answers.push(text);
      goOn();
    }
    if (isComplete && given === started) answers.push(null);
  }
}
