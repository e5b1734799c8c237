import type { Problem } from '#proto';
import type { PlatformEvent } from '../adapter.ts';

/**
 * One thing to do as a mapping words it (交办指令). `files` name where the bytes are in the platform's own way (`from`: a
 * path, a URL, the id of a row), which its adapter knows to open, or are the bytes themselves.
 */
export interface MappedWish {
  readonly do: 'open' | 'act' | 'note';
  readonly case?: Readonly<Record<'conversation' | 'number' | 'reference', string | undefined>>;
  readonly reference?: string;
  readonly act?: string;
  readonly note?: string;
  /** The case of an `open`. */
  readonly body?: unknown;
  /** The data of an `act` or a `note`. */
  readonly data?: unknown;
  readonly files?: readonly MappedFile[];
}

export type MappedFile = {
  readonly name: string;
  readonly mediaType?: string;
} & ({ readonly from: string } | { readonly content: Uint8Array });

/** A material of the case that goes out with a document (随件材料). */
export interface MappedMaterial {
  /** What people call it, as the mapping says. */
  readonly name: string;
  /** Its name as a file: safe on every file system, alone among the files of its document. */
  readonly file: string;
  /** Digest of the material, as the case shows it. */
  readonly material: string;
  /** Bytes. */
  readonly size: number;
  readonly mediaType: string;
  /** Stand where its bytes belong in base64, and where that belongs by which the platform calls it. */
  readonly content: string;
  readonly reference: string;
  /** Further columns of its row, where the platform takes it as one. */
  readonly row?: Readonly<Record<string, unknown>>;
}

/** What a record of the platform means: wishes in order (none: it means nothing to us), or every problem. */
export type MappedIn =
  | { readonly ok: true; readonly wishes: readonly MappedWish[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What an event means to the platform: documents in order (none: it does not concern it), or every problem. */
export type MappedOut =
  | {
      readonly ok: true;
      readonly documents: readonly unknown[];
      /** Of each document, in their order; absent when none has any. */
      readonly files?: readonly (readonly MappedMaterial[])[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** What a platform's answer to a document means; `retry` and `refuse` as in PlatformError. */
export interface MappedAnswer {
  readonly verdict: 'taken' | 'retry' | 'refuse';
  /** The platform's own number of the case. */
  readonly reference?: string;
  /** Why, in the platform's words: a code, nothing personal. At most 64 characters. */
  readonly reason?: string;
}

/**
 * The words of one platform put into ours, and back (字段映射): a YAML file with JSONata expressions and code tables. It
 * never throws because of what a platform said, and each call takes a bounded time.
 */
export interface Mapping {
  /** @param document a record in the platform's own words, as JSON */
  in(document: unknown): Promise<MappedIn>;
  /** Whether events of a type concern the platform, and whether their case is needed to say so. */
  wants(eventType: string): 'no' | 'event' | 'case';
  /** @param found the case in full; undefined when `wants` did not say `case`, or there is none */
  out(event: PlatformEvent, found: Readonly<Record<string, unknown>> | undefined): Promise<MappedOut>;
  /** Undefined when the mapping says nothing about answers: then the kind itself decides. */
  readonly answer: ((response: unknown) => Promise<MappedAnswer>) | undefined;
  /** What it says at this moment, for work of several steps. Absent where it stays the same for ever. */
  now?(): Promise<Mapping>;
}
