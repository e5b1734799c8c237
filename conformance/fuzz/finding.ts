import type { Input } from './mutate.ts';

/**
 * What a target must not do: `crash` on an input (an error without a code of the registry), take longer than a second
 * (`slow`), believe what nobody signed (`forged`), or keep memory (`memory`).
 */
export interface Finding {
  readonly target: string;
  readonly kind: 'crash' | 'slow' | 'forged' | 'memory';
  readonly detail: string;
  /** What was fed to it; absent where it is no single input. */
  readonly input?: Input;
}

/** A finding as a text that {@link readFinding} reads; bytes are `{"hex": …}`. */
export function writeFinding({ input, ...rest }: Finding): string {
  return `${JSON.stringify({ ...rest, ...(input !== undefined && { input: withHex(input) }) }, null, 1)}\n`;
}

/** @throws SyntaxError */
export function readFinding(text: string): Finding {
  return JSON.parse(text, (_name, value) =>
    typeof value?.hex === 'string' && Object.keys(value).length === 1 ? Buffer.from(value.hex, 'hex') : value,
  ) as Finding;
}

function withHex(input: Input): unknown {
  if (Buffer.isBuffer(input)) return { hex: input.toString('hex') };
  if (Array.isArray(input)) return input.map(withHex);
  if (typeof input !== 'object') return input;
  return Object.fromEntries(Object.entries(input).map(([name, member]) => [name, withHex(member)]));
}
