/** What a peer last answered to an envelope that somebody waits for, other than a receipt: the code, by envelope id. */
export class AnswerNotes {
  readonly #noted = new Map<string, string>();

  /** From now on, answers to this envelope are noted. `forget` must follow. */
  watch(envelope: string): void {
    this.#noted.set(envelope, '');
  }

  forget(envelope: string): void {
    this.#noted.delete(envelope);
  }

  /** A peer deferred or refused an envelope. */
  heard(envelope: string, code: string): void {
    if (this.#noted.has(envelope)) this.#noted.set(envelope, code);
  }

  /** The last code that was heard; empty when none was. */
  last(envelope: string): string {
    return this.#noted.get(envelope) ?? '';
  }
}
