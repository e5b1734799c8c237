import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeText } from '../encodings.ts';
import type { Unreadable } from '../unreadable.ts';
import { readXml, XML_LIMITS } from './read-xml.ts';
import { NoXml, writeXml } from './write-xml.ts';

const MIB = 1024 * 1024;
/** A document that could do harm is refused within this time, in ms, also on a machine that is busy. */
const AT_ONCE_MS = 3_000;

const read = (content: string | Uint8Array, options = {}, carrier?: string) =>
  readXml(Buffer.from(content), 8 * MIB, options, carrier);

describe('an XML document', () => {
  it('is a value with the local names of elements and attributes', () => {
    const content = `<?xml version="1.0"?><!-- 注 --><x:Cases xmlns:x="urn:cases" total="2">
      <x:Case no="1"><Name>示例甲</Name><Empty/><Note lang="zh"><![CDATA[a < b]]> &amp; c</Note></x:Case>
      <x:Case no="2"/> </x:Cases>`;
    expect(read(content)).toEqual({
      Cases: {
        '@total': '2',
        Case: [
          { '@no': '1', Name: '示例甲', Empty: '', Note: { '@lang': 'zh', '#text': 'a < b & c' } },
          { '@no': '2' },
        ],
      },
    });
  });

  it('keeps the prefixes that the configuration gives to namespaces', () => {
    const options = { prefixes: { q: 'urn:a' } };
    expect(read('<x xmlns:p="urn:a" xmlns="urn:b"><p:y p:z="1"/><y/></x>', options)).toEqual({
      x: { 'q:y': { '@q:z': '1' }, y: '' },
    });
  });

  it('has a list where the configuration says so, even of one', () => {
    expect(read('<a><b>1</b></a>', { lists: ['a.b'] })).toEqual({ a: { b: ['1'] } });
    expect(read('<a><b>1</b><b>2</b></a>', { lists: ['a.b'] })).toEqual({ a: { b: ['1', '2'] } });
    expect(read('<a><b><b>1</b></b></a>', { lists: ['a.b'] })).toEqual({ a: { b: [{ b: '1' }] } });
  });

  it('may have names that mean something to JavaScript', () => {
    const value = read('<a><__proto__><x>1</x></__proto__><constructor>2</constructor></a>') as { a: object };
    expect(Object.keys(value.a)).toEqual(['__proto__', 'constructor']);
    expect(({} as { x?: string }).x).toBeUndefined();
  });
});

describe('written and read again', () => {
  const name = fc.constantFrom('a', 'Name', '申请人', 'row_guid', 'b-1', '__proto__', 'x.y');
  const char = fc.constantFrom(
    'a',
    '王',
    '𠮷',
    '&',
    '<',
    '>',
    '"',
    "'",
    '\n',
    '\t',
    '\r',
    ' ',
    ']]>',
    'ᠮ',
    '·',
    '\u0085',
  );
  const text = fc.array(char, { maxLength: 8 }).map((parts) => parts.join(''));
  const solid = text.map((one) => one.trim()).filter((one) => one !== '');
  const attributes = fc.dictionary(
    name.map((one) => `@${one}`),
    text,
    { maxKeys: 2 },
  );
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      text,
      fc
        .tuple(
          attributes.filter((one) => Object.keys(one).length > 0),
          solid,
        )
        .map(([one, inside]) => ({ ...one, '#text': inside })),
      fc
        .tuple(
          attributes,
          fc.dictionary(name, fc.oneof(tie('tree'), fc.array(tie('tree'), { minLength: 2, maxLength: 3 })), {
            minKeys: 1,
            maxKeys: 3,
          }),
        )
        .map(([one, inside]) => ({ ...one, ...inside })),
    ),
  }));

  it.each(['utf-8', 'gb18030'] as const)('is the same in %s', (encoding) => {
    fc.assert(
      fc.property(name, tree, (root, value) => {
        const document = Object.fromEntries([[root, value]]);
        const written = encodeText(writeXml(document, { encoding }), encoding);
        expect(readXml(written, MIB)).toEqual(document);
      }),
      { numRuns: 300 },
    );
  });

  it('declares the namespaces that it was given', () => {
    const prefixes = { t: 'urn:tong"ban' };
    const written = writeXml({ 't:a': { b: 1, c: true, d: null, e: [], f: undefined } }, { prefixes });
    expect(written).toBe('<t:a xmlns:t="urn:tong&#34;ban"><b>1</b><c>true</c></t:a>');
    expect(read(written, { prefixes })).toEqual({ 't:a': { b: '1', c: 'true' } });
  });

  it.each([
    ['two roots', { a: 1, b: 2 }],
    ['no root', {}],
    ['a list as its root', { a: [1, 2] }],
    ['text alone', '示例甲'],
    ['a name that is none', { a: { 'b c': '示例甲' } }],
    ['an attribute that breaks out', { a: { '@b="1"><c': '示例甲' } }],
    ['an attribute that is no text', { a: { '@b': { c: '示例甲' } } }],
    ['a control character', { a: { b: '示例甲\u0000' } }],
    ['half a character', { a: '\ud800示例甲' }],
    ['too much depth', Array.from({ length: 70 }).reduce<unknown>((inside) => ({ a: inside }), '示例甲')],
  ])('is refused with %s, and says nothing of it', (_, value) => {
    const error = caught(() => writeXml(value));
    expect(error).toBeInstanceOf(NoXml);
    expect((error as Error).message).not.toContain('示例');
  });
});

it.each([MIB, 4_000])('reads what is within elements with names of %i characters at once', (length) => {
  const outer = Array.from({ length: length === MIB ? 1 : 60 }, () => 'a'.repeat(length));
  const inner = Array.from({ length: 20_000 }, (_, n) => `<b${n}/>`).join('');
  const [begin, end] = ['<', '</'].map((sign) => outer.map((name) => `${sign}${name}>`).join(''));
  const started = performance.now();
  read(`${begin}${inner}${end}`, { lists: ['a.b'] });
  expect(performance.now() - started).toBeLessThan(AT_ONCE_MS);
});

describe('refuses at once', () => {
  const bomb = (inside: string) => `<?xml version="1.0"?><!DOCTYPE a [${inside}]><a>&b;</a>`;
  const laughs = Array.from({ length: 20 }, (_, n) => `<!ENTITY b${n} "${`&b${n + 1};`.repeat(50)}">`).join('');

  it.each([
    ['an external entity', bomb('<!ENTITY b SYSTEM "file:///etc/passwd">'), 'DOCTYPE'],
    ['a parameter entity', bomb('<!ENTITY % b SYSTEM "http://127.0.0.1/x.dtd"> %b;'), 'DOCTYPE'],
    ['an entity bomb', bomb(laughs), 'DOCTYPE'],
    ['a long entity many times', bomb(`<!ENTITY b "${'x'.repeat(MIB)}">`), 'DOCTYPE'],
    ['an external DTD', '<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>', 'DOCTYPE'],
    ['an entity without a declaration', '<a>&b;</a>', 'MALFORMED'],
    ['depth', '<a>'.repeat(200_000), 'TOO_DEEP'],
    ['elements', `<a>${'<b/>'.repeat(XML_LIMITS.elements)}</a>`, 'TOO_MANY'],
    [
      'attributes',
      `<a ${Array.from({ length: XML_LIMITS.attributes + 1 }, (_, n) => `b${n}="1"`).join(' ')}/>`,
      'TOO_MANY',
    ],
    ['size', `<a>${'x'.repeat(9 * MIB)}</a>`, 'TOO_LARGE'],
    ['a document that was cut off', '<a><b>王小明</b', 'MALFORMED'],
    ['two roots', '<a/><a/>', 'MALFORMED'],
    ['nothing', '', 'MALFORMED'],
    ['tags that cross', '<a><王小明></a></王小明>', 'MALFORMED'],
    ['an attribute twice', '<a b="1" b="2"/>', 'MALFORMED'],
    ['a prefix that means nothing', '<p:a/>', 'MALFORMED'],
    ['a control character', '<a>&#0;</a>', 'MALFORMED'],
    ['JSON', '{"a": 1}', 'MALFORMED'],
  ])('%s', (_, content, code) => {
    const started = performance.now();
    const error = caught(() => read(content));
    expect(performance.now() - started).toBeLessThan(AT_ONCE_MS);
    expect((error as Unreadable).problems).toEqual([{ pointer: '', code, message: expect.any(String) }]);
    expect(JSON.stringify((error as Unreadable).problems)).not.toContain('王小明');
  });
});

describe('the encoding', () => {
  const declared = (encoding: string) => `<?xml version="1.0" encoding="${encoding}"?><a>王小明𠮷</a>`;
  const gbk = (content: string) => encodeText(content, 'gb18030');
  const utf16 = (content: string) => Buffer.from(`\uFEFF${content}`, 'utf16le');

  it.each([
    ['UTF-8 by declaration', Buffer.from(declared('UTF-8'))],
    ['UTF-8 without one', Buffer.from('<a>王小明𠮷</a>')],
    ['UTF-8 with a byte order mark', Buffer.from('\uFEFF<a>王小明𠮷</a>')],
    ['GB18030', gbk(declared('GB18030'))],
    ['GBK', gbk(declared('gbk'))],
    ['GB2312 with more than it has', gbk(declared('GB2312'))],
    ['UTF-16', utf16(declared('UTF-16'))],
    ['UTF-16, the other end first', utf16(declared('utf-16')).swap16()],
  ])('is read: %s', (_, bytes) => {
    expect(read(bytes)).toEqual({ a: '王小明𠮷' });
  });

  it('may be said by the carrier or the configuration', () => {
    expect(read(gbk('<a>王</a>'), {}, 'GBK')).toEqual({ a: '王' });
    expect(read(gbk('<a>王</a>'), { encoding: 'gb18030' })).toEqual({ a: '王' });
  });

  it.each([
    ['GBK that claims nothing', gbk('<a>王小明</a>'), 'looks like GBK'],
    ['GBK that claims to be UTF-8', gbk(declared('UTF-8')), 'no text in utf-8'],
    ['UTF-8 that claims to be GBK', Buffer.from('<?xml version="1.0" encoding="GBK"?><a>王</a>'), 'no text in gb18030'],
    ['UTF-16 without a byte order mark', Buffer.from(declared('UTF-16')), 'without a byte order mark'],
    ['a mark against the declaration', Buffer.from(`\uFEFF${declared('GBK')}`), 'byte order mark of another'],
    ['an encoding that nobody reads', Buffer.from(declared('Big5')), 'use UTF-8'],
    ['UTF-7', Buffer.from(declared('UTF-7')), 'use UTF-8'],
  ])('is not guessed: %s', (_, bytes, reason) => {
    const error = caught(() => read(bytes)) as Unreadable;
    expect(error.problems).toEqual([{ pointer: '', code: 'ENCODING', message: expect.stringContaining(reason) }]);
  });
});

function caught(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was refused');
}
