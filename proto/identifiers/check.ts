/**
 * Answer of a check: good, or the reason why not.
 * The reason is a short English phrase that follows "the value" ("must be 18 characters"); it never contains the
 * value, because most of these values are personal data. Callers make their message and error code from it.
 */
export type Check = { ok: true } | { ok: false; reason: string };

/** Like {@link Check}, with what was read or made when it is good. */
export type Checked<T> = { ok: true; value: T } | { ok: false; reason: string };

/** The good answer. */
export const passed: Check = Object.freeze({ ok: true });

/** The bad answer. `reason` must not echo the value. */
export function failed(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
