import { expect, it } from 'vitest';
import type { Problem } from '#proto';
import { sealOf, sealRule } from './seal-config.ts';

const CODE = '11150626MB00000014';
const inData = (path: string) => `/data/${path}`;
const one = { name: 'market', certificates: ['market.pem'] };

function problems(section: unknown): string[] {
  const found: Problem[] = [];
  sealRule(section, '', found);
  return found.map(({ pointer, code }) => `${pointer} ${code}`);
}

it('lets the region seal alone unless told', () => {
  expect(problems({})).toEqual([]);
  expect(sealOf({}, inData)).toEqual({ kind: 'local', seals: [], settings: {} });
  expect(problems({ kind: 'local', seals: [one] })).toEqual(['/seals UNKNOWN_FIELD']);
});

it('fills in what a seal does not say, and hands the rest to the adapter', () => {
  const section = { kind: 'http-seal' as const, url: 'https://seal.example', auth: { type: 'none' }, seals: [one] };
  expect(problems(section)).toEqual([]);
  expect(sealOf(section, inData)).toEqual({
    kind: 'http-seal',
    seals: [
      {
        name: 'market',
        code: 'market',
        signatory: 'seal',
        certificateFiles: ['/data/market.pem'],
        authorities: undefined,
        place: undefined,
      },
    ],
    settings: { url: 'https://seal.example', auth: { type: 'none' } },
  });
  const all = {
    name: 'registrar',
    code: '经办人-7',
    signatory: 'signature' as const,
    certificates: ['a.pem', 'b.pem'],
    authorities: [CODE],
    place: { keyword: '经办人' },
  };
  expect(problems({ ...section, seals: [one, all] })).toEqual([]);
  expect(sealOf({ ...section, seals: [all] }, inData).seals[0]).toMatchObject({
    code: '经办人-7',
    signatory: 'signature',
    authorities: [CODE],
    place: { keyword: '经办人' },
  });
});

it.each<[object, string]>([
  [{ kind: 'ftp' }, '/kind NOT_IN_LIST'],
  [{ kind: 'http-seal' }, '/seals TYPE'],
  [{ kind: 'http-seal', seals: [] }, '/seals REQUIRED'],
  [{ kind: 'http-seal', seals: [one, one] }, '/seals/1/name DUPLICATE'],
  [{ kind: 'http-seal', seals: [{ ...one, name: '张三' }] }, '/seals/0/name FORMAT'],
  [{ kind: 'http-seal', seals: [{ ...one, certificates: [] }] }, '/seals/0/certificates REQUIRED'],
  [{ kind: 'http-seal', seals: [{ name: 'market' }] }, '/seals/0/certificates TYPE'],
  [{ kind: 'http-seal', seals: [{ ...one, signatory: 'stamp' }] }, '/seals/0/signatory NOT_IN_LIST'],
  [{ kind: 'http-seal', seals: [{ ...one, authorities: ['1'] }] }, '/seals/0/authorities/0 IDENTIFIER'],
  [{ kind: 'http-seal', seals: [{ ...one, place: { page: 0, x: 1, y: 1 } }] }, '/seals/0/place/page RANGE'],
  [{ kind: 'http-seal', seals: [{ ...one, place: { keyword: 'x', page: 1 } }] }, '/seals/0/place/page UNKNOWN_FIELD'],
  [{ kind: 'http-seal', seals: [{ ...one, colour: 'red' }] }, '/seals/0/colour UNKNOWN_FIELD'],
])('refuses %o', (section, expected) => {
  expect(problems(section)).toContain(expected);
});
