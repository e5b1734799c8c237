import { describe, expect, it } from 'vitest';
import { assemble, collide, pointerOf, readTarget } from './target.ts';

describe('a target', () => {
  it.each([
    ['applicant.name', '/applicant/name'],
    ['items[0].material', '/items/0/material'],
    ['/items/0/material', '/items/0/material'],
    ['/form/a.b', '/form/a.b'],
    ['/form/a~1b', '/form/a~1b'],
    ['form.经营范围', '/form/经营范围'],
    ['form.1', '/form/1'],
  ])('%s is read', (text, pointer) => {
    expect(pointerOf(readTarget(text)!)).toBe(pointer);
  });

  it.each([
    '',
    '.',
    'a.',
    'a..b',
    '[0].a',
    '/0/a',
    'a[100]',
    'a[x]',
    '__proto__',
    'a.__proto__.b',
    '/a/__proto__',
    '/',
    'a.b]',
  ])('"%s" is none', (text) => {
    expect(readTarget(text)).toBeUndefined();
  });

  it('collides with what stands at, around or within it', () => {
    const collides = (one: string, other: string) => collide(readTarget(one)!, readTarget(other)!);
    expect(collides('a.b', 'a.b')).toBe(true);
    expect(collides('a', 'a.b')).toBe(true);
    expect(collides('a[0]', 'a.b')).toBe(true);
    expect(collides('a.b', 'a.c')).toBe(false);
    expect(collides('a[0].b', 'a[1].b')).toBe(false);
  });

  it('leaves no gaps in lists and makes nothing without a value', () => {
    const entries = (['a[0].x', 'a[1].x', 'a[2].x', 'b.c'] as const).map((text, index) => {
      return [readTarget(text)!, index === 1 || index === 3 ? undefined : index] as const;
    });
    expect(assemble(entries)).toEqual({ a: [{ x: 0 }, { x: 2 }] });
    expect(assemble([])).toEqual({});
  });

  it('keeps members of every name', () => {
    expect(assemble([[readTarget('a.constructor.b')!, 'x']])).toEqual({ a: { constructor: { b: 'x' } } });
    expect(Object.hasOwn(Object, 'b')).toBe(false);
  });
});
