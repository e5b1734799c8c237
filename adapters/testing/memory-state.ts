import type { AdapterState } from '../adapter.ts';

/** A place to keep how far somebody has read; what was written is in `texts`, in order. */
export class MemoryState implements AdapterState {
  readonly texts: string[] = [];

  async read(): Promise<string | undefined> {
    return this.texts.at(-1);
  }

  async write(text: string): Promise<void> {
    this.texts.push(text);
  }
}
