import { randomFillSync } from 'node:crypto';
import { SALT_BYTES } from '#proto';

/** Salts drawn from the operating system at once: a call of its own for each costs more than hashing with it. */
const pool = Buffer.alloc(512 * SALT_BYTES);
let used = pool.length;

/** A fresh salt of 32 random bytes. Nothing of it stays behind here. */
export function newSalt(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const end = used + SALT_BYTES;
  const salt = Buffer.from(pool.subarray(used, end));
  pool.fill(0, used, end);
  used = end;
  return salt;
}
