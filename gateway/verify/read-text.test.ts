import { expect, it } from 'vitest';
import { writePaperCertificate } from '#trust';
import { checkRegion, licence } from '../testing/check-region.ts';
import { readText } from './read-text.ts';
import { MAX_TEXT_LENGTH } from './verification.ts';

const REFERENCE = 'MZXW6YTBOJTG633CMFZGM33PMI';
const NOW = Date.UTC(2026, 10, 20, 2);

it.each([
  `TONGBAN:150626:${REFERENCE}`,
  `  TONGBAN:150626:${REFERENCE}\r\n`,
  `tongban:150626:${REFERENCE.toLowerCase()}`,
  `Tongban：150626：${REFERENCE}`,
  `TONGBAN: 150626 : ${REFERENCE.slice(0, 13)} ${REFERENCE.slice(13)}`,
])('reads %j as a reference', (text) => {
  expect(readText(text)).toEqual({ kind: 'reference', region: '150626', reference: REFERENCE });
});

it.each([
  'https://zz.wsq.example.gov.cn/verify?c=1',
  'HTTP://EVIL.EXAMPLE/TONGBAN:150626:MZXW6YTBOJTG633CMFZGM33PMI',
  'weixin://dl/business/?t=x',
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'www.evil.example',
  `TONGBAN:150626:${REFERENCE}:https://evil.example`,
  `TONGBAN:999999:${REFERENCE}`,
  'TONGBAN:150626:',
  'TONGBAN',
  '91150626MA0000001R',
  ' ',
])('refuses %j', (text) => {
  expect(() => readText(text)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_REFERENCE' }));
});

it('takes no long time over the worst texts of the largest size', () => {
  const filled = (start: string, run: string, end: string) =>
    `${start}${run.repeat(MAX_TEXT_LENGTH / run.length)}`.slice(0, MAX_TEXT_LENGTH - end.length) + end;
  const texts = [
    ...['\n', '\r\n', '\t', ' ', '\uFEFF'].map((gap) => filled('x', gap, 'x')),
    filled('TONGBAN', ' ', 'x'),
    filled('TONGBAN', '：', ''),
    filled('x', ':', ''),
    filled('a', '-', '!'),
    filled('', 'AAAAAAAA.', '!'),
    filled(`${'A'.repeat(90_000)}.${'A'.repeat(90_000)}.`, 'A', '!'),
    filled('TONGBAN-C:', '%', '!'),
  ];
  const begun = performance.now();
  for (const text of texts)
    expect(() => readText(text)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^CERTIFICATE_/) }));
  // They take some 50 ms together; one that is looked at anew from each of its characters takes a minute.
  expect(performance.now() - begun).toBeLessThan(500);
});

it('reads a certificate as text and from paper, and refuses paper that is broken', async () => {
  const region = await checkRegion('150626', { now: () => NOW });
  const { text } = await region.certificates.issue(licence(NOW));
  await region.close();
  expect(readText(` ${text}\n`)).toEqual({ kind: 'certificate', text });
  const paper = writePaperCertificate(text);
  expect(readText(`\n${paper}\r\n`)).toEqual({ kind: 'paper', text });
  expect(() => readText(paper.slice(0, -3))).toThrow(expect.objectContaining({ code: 'CERTIFICATE_MALFORMED' }));
});
