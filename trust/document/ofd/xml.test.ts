import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DOCUMENT_LIMITS } from '../limits.ts';
import { childOf, childrenOf, parseXml, textIn } from './xml.ts';

const read = (text: string) => parseXml(Buffer.from(text), 'test.xml');
const withCode = (code: string) => expect.objectContaining({ code });

it('reads elements, attributes and text', () => {
  const root = read(
    `\ufeff<?xml version="1.0" encoding="UTF-8"?>\n<!-- a <comment> --><ofd:A xmlns:ofd="urn:x" Name='1 &gt; 0' 类型="证">` +
      `<ofd:B/>t&#x4e2d;&#20013;&amp;<b><![CDATA[<raw> & ]]></b ></ofd:A>\n`,
  );
  expect(root.name).toBe('A');
  expect(Object.fromEntries(root.attributes)).toEqual({ 'xmlns:ofd': 'urn:x', Name: '1 > 0', 类型: '证' });
  expect(root.text).toBe('t中中&');
  expect(textIn(root, 'b')).toBe('<raw> &');
  expect(childrenOf(root, 'B')).toHaveLength(1);
  expect(childOf(root, 'C')).toBeUndefined();
});

it('wants one child where there may be one', () => {
  expect(() => childOf(read('<a><b/><b/></a>'), 'b')).toThrow(withCode('ofd-structure'));
});

it('reads back any text', () => {
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const { attributes, text: content } = read(`<a b="${escaped(text)}">${escaped(text)}</a>`);
      expect([attributes.get('b'), content]).toEqual([text, text]);
    }),
  );
});

describe.each([
  ['a document type', 'xml-dtd', '<!DOCTYPE a><a/>'],
  ['an external entity', 'xml-dtd', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
  ['entities that grow', 'xml-dtd', '<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><a>&y;</a>'],
  ['an entity that is not defined', 'xml-dtd', '<a>&x;</a>'],
  ['an entity without an end', 'xml-dtd', '<a>&lt</a>'],
  ['a bare ampersand', 'xml-dtd', '<a b="1 & 2"/>'],
  ['a character that is none', 'xml-dtd', '<a>&#xd800;</a>'],
  ['nothing', 'xml-malformed', ''],
  ['an element without an end', 'xml-malformed', '<a><b></a>'],
  ['two roots', 'xml-malformed', '<a/><b/>'],
  ['text outside of the root', 'xml-malformed', '<a/>x'],
  ['an attribute twice', 'xml-malformed', '<a b="1" b="2"/>'],
  ['an attribute twice under two prefixes', 'xml-malformed', '<a x:b="1" y:b="2"/>'],
  ['an attribute without quotes', 'xml-malformed', '<a b=1/>'],
  ['an attribute that does not end', 'xml-malformed', '<a b="<x>"/>'],
  ['a comment that does not end', 'xml-malformed', '<a/><!-- '],
  ['another encoding', 'xml-malformed', '<?xml version="1.0" encoding="GBK"?><a/>'],
  ['too deep elements', 'xml-limit', '<a>'.repeat(DOCUMENT_LIMITS.xmlDepth + 1)],
  ['too many elements', 'xml-limit', `<a>${'<b/>'.repeat(DOCUMENT_LIMITS.xmlNodes)}</a>`],
  ['too many bytes', 'xml-limit', `<a>${' '.repeat(DOCUMENT_LIMITS.xmlBytes)}</a>`],
])('XML with %s', (_, code, text) => {
  it(`is refused: ${code}`, () => {
    expect(() => read(text)).toThrow(withCode(code));
  });
});

it('is refused when it is not UTF-8', () => {
  expect(() => parseXml(Buffer.from('<a>\xff</a>', 'latin1'), 'test.xml')).toThrow(withCode('xml-malformed'));
});

it('throws nothing else for any text', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '/',
    'a',
    '="',
    '"',
    '&',
    ';',
    '<!--',
    '-->',
    ']]>',
    '<![CDATA[',
    '<?',
    '?>',
    ' ',
    '中',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        read(pieces.join(''));
      } catch (error) {
        expect(error).toMatchObject({ name: 'DocumentFault' });
      }
    }),
    { numRuns: 2000 },
  );
});
