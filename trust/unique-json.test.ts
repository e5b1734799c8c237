import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUniqueJson } from './unique-json.ts';

describe('JSON with unique names', () => {
  it('is read as JSON.parse reads it, whatever it holds and however it is spaced', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, 3, '\t'), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        expect(parseUniqueJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('is refused when any member of any object stands twice', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, maxKeys: 5 });
    fc.assert(
      fc.property(object, fc.nat(), fc.jsonValue(), (members, pick, other) => {
        const names = Object.keys(members);
        const again = `${JSON.stringify(names[pick % names.length])}:${JSON.stringify(other)}`;
        const text = `[1,{"a":${JSON.stringify(members).slice(0, -1)},${again}}}]`;
        expect(() => parseUniqueJson(text)).toThrow(SyntaxError);
      }),
    );
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"a" : 1 , "a" :2}',
    '{"__proto__":1,"__proto__":2}',
    '{"":0,"":0}',
  ])('is refused as %s', (text) => {
    expect(() => parseUniqueJson(text)).toThrow(SyntaxError);
  });

  it.each(['{"a":"b\\":c","b":": \\\\"}', '{"a":{"a":{"a":[]}}}', '["a:","a:"]', '{"__proto__":1}', '"x:"'])(
    'is taken as %s',
    (text) => {
      expect(parseUniqueJson(text)).toEqual(JSON.parse(text));
    },
  );
});
