import { stat } from 'node:fs/promises';
import { CodedError } from '#proto';
import type { AdapterContext, PlatformEvent } from '../adapter.ts';
import type { FileMapping } from './file-mapping.ts';
import { loadMapping } from './load-mapping.ts';
import type { MappedAnswer, MappedIn, MappedOut, Mapping } from './mapping.ts';

/** Time between two looks at the file, in ms; one that a record fails with is looked at before the record does. */
const LOOK_EVERY_MS = 1_000;

type Lent = Pick<AdapterContext, 'now' | 'log'>;

/** A mapping whose file may be mended while the gateway runs (改后即用). While the file is wrong the one before goes on. */
export class FreshMapping implements Mapping {
  readonly #file: string;
  readonly #context: Lent;
  #mapping: FileMapping;
  /** What the file was like when it was last read. */
  #version: string;
  #lookedAt: number;
  #looking: Promise<void> | undefined;

  private constructor(file: string, context: Lent, mapping: FileMapping, version: string) {
    this.#file = file;
    this.#context = context;
    this.#mapping = mapping;
    this.#version = version;
    this.#lookedAt = context.now();
  }

  /** @throws CodedError CONFIG_INVALID with every problem by its pointer within the file */
  static async open(file: string, context: Lent): Promise<FreshMapping> {
    const version = await versionOf(file);
    return new FreshMapping(file, context, await load(file, context), version);
  }

  async in(document: unknown): Promise<MappedIn> {
    const used = await this.now();
    const mapped = await used.in(document);
    if (mapped.ok) return mapped;
    await this.#look();
    return this.#mapping === used ? mapped : this.#mapping.in(document);
  }

  wants(eventType: string): 'no' | 'event' | 'case' {
    return this.#mapping.wants(eventType);
  }

  out(event: PlatformEvent, found: Readonly<Record<string, unknown>> | undefined): Promise<MappedOut> {
    return this.#mapping.out(event, found);
  }

  get answer(): ((response: unknown) => Promise<MappedAnswer>) | undefined {
    return this.#mapping.answer;
  }

  async now(): Promise<FileMapping> {
    if (Math.abs(this.#context.now() - this.#lookedAt) >= LOOK_EVERY_MS) await this.#look();
    return this.#mapping;
  }

  #look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #read(): Promise<void> {
    this.#lookedAt = this.#context.now();
    // Taken before the content, so that what is written meanwhile counts as a change.
    const version = await versionOf(this.#file);
    if (version === this.#version) return;
    this.#version = version;
    const { log } = this.#context;
    try {
      this.#mapping = await load(this.#file, this.#context);
      log.info({}, 'the mapping file was changed; what it says now counts');
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const count = Math.max(1, error.problems.length);
      const text =
        'the changed mapping file is wrong, the one before goes on; tongban adapter check names the problems';
      log.warn({ code: error.code, count }, text);
    }
  }
}

function load(file: string, context: Lent): Promise<FileMapping> {
  const text = 'the expressions of a mapping run out of time again and again; it is not asked for a minute';
  return loadMapping(file, context, () => context.log.error({}, text));
}

/** Differs after every change; a file that is not there has a version too. */
async function versionOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${ino}/${size}/${mtimeNs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? '';
  }
}
