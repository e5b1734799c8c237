const MOD_11_2_ALPHABET = '0123456789X';
const MOD_37_36_ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Check character of ISO 7064 MOD 11-2 (a pure system): finds every single wrong character and every swap of two
 * neighbours.
 * @param body decimal digits only, checked by the caller
 * @returns `0`–`9` or `X`
 */
export function mod11Radix2(body: string): string {
  let remainder = 0;
  for (const digit of body) remainder = ((remainder + Number(digit)) * 2) % 11;
  return MOD_11_2_ALPHABET.charAt((12 - remainder) % 11);
}

/**
 * Check character of ISO 7064 MOD 37,36 (a hybrid system): finds every single wrong character and every swap of two
 * neighbours, except some swaps of characters that follow each other in the alphabet (such as 4 and 5, or Z and 0).
 * @param body `0`–`9` and `A`–`Z` only, checked by the caller
 * @returns `0`–`9` or `A`–`Z`
 */
export function mod37Radix36(body: string): string {
  let remainder = 36;
  for (let place = 0; place < body.length; place += 1) {
    // By code units, since every certificate that is verified comes this way: '0' is 48 and counts 0, 'A' is 65 and counts 10.
    const unit = body.charCodeAt(place);
    const sum = remainder + (unit < 65 ? unit - 48 : unit - 55);
    // Modulo 36 from 1 to 36: the hybrid systems never carry on with zero, which would swallow the characters that follow.
    const carried = (sum > 36 ? sum - 36 : sum) * 2;
    remainder = carried > 37 ? carried - 37 : carried;
  }
  return MOD_37_36_ALPHABET.charAt((37 - remainder) % 36);
}
