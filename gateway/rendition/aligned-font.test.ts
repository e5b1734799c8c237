import { readFile } from 'node:fs/promises';
import fontkit from '@pdf-lib/fontkit';
import { expect, test } from 'vitest';
import { alignedFont } from './aligned-font.ts';

const FILE = '@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf';
const original = await readFile(new URL(import.meta.resolve(FILE)));

test('a font has the same glyphs at even places', () => {
  const aligned = alignedFont(original);
  const [before, after] = [fontkit.create(original), fontkit.create(aligned)];
  expect(after.numGlyphs).toBe(before.numGlyphs);
  for (let id = 0; id < before.numGlyphs; id += 500) {
    expect(after.getGlyph(id).path.toSVG()).toBe(before.getGlyph(id).path.toSVG());
    expect(after.getGlyph(id).advanceWidth).toBe(before.getGlyph(id).advanceWidth);
  }
  expect(alignedFont(aligned).equals(aligned)).toBe(true);
  expect(aligned.length - original.length).toBeLessThan(200_000);
});

test('what is no such font is refused', () => {
  expect(() => alignedFont(Buffer.alloc(64))).toThrow(TypeError);
});
