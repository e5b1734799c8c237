import { beforeAll, expect, it } from 'vitest';
import { throwawayRegion } from '../../../trust/testing/index.ts';
import { openFont, type RenditionFont } from '../../rendition/font.ts';
import { ownSealing } from '../../testing/own-sealing.ts';
import { drawPaper } from './drawing/draw-paper.ts';
import { openPaper } from './open-paper.ts';
import { ACTED_AT, sampleFacts } from './testing/sample-facts.ts';

const clock = { now: () => ACTED_AT };
type Region = Awaited<ReturnType<typeof throwawayRegion>>;

let font: RenditionFont;
let uxin: Region;
let nantong: Region;

beforeAll(async () => {
  font = await openFont();
  uxin = await throwawayRegion('150626', { now: ACTED_AT });
  nantong = await throwawayRegion('320600', { now: ACTED_AT });
});

async function signed(by: Region, mark?: string): Promise<Buffer> {
  const facts = sampleFacts('refusal');
  const { pdf } = await drawPaper({ facts, gloss: false, mark }, font);
  return ownSealing(by, clock).seal(Buffer.from(pdf), { authority: facts.authority, reason: '文书' });
}

const opened = (pdf: Buffer) => openPaper(pdf, [uxin.statement, nantong.statement], ACTED_AT);

it('opens as the region signed it that issued it', async () => {
  expect(await opened(await signed(uxin))).toEqual({
    region: '150626',
    kid: uxin.seal.kid,
    signedAt: ACTED_AT,
    seals: [],
    facts: sampleFacts('refusal'),
  });
});

it.each(['SM2-SM3', 'Ed25519'] as const)('opens when a region of %s signed it', async (suite) => {
  const other = await throwawayRegion('150626', { suite, now: ACTED_AT });
  const pdf = await signed(other);
  expect(await openPaper(pdf, [other.statement], ACTED_AT)).toMatchObject({ region: '150626' });
});

it('does not open when another region signed it, however good its signature is', async () => {
  await expect(opened(await signed(nantong))).rejects.toMatchObject({ code: 'RENDITION_ALTERED' });
});

it('does not open when it was altered, appended to, or is by nobody we know', async () => {
  const pdf = await signed(uxin);
  const altered = Buffer.from(pdf);
  altered[altered.indexOf('stream\n') + 40]! ^= 1;
  await expect(opened(altered)).rejects.toMatchObject({ code: 'RENDITION_ALTERED' });
  await expect(opened(Buffer.concat([pdf, Buffer.from('\n%%EOF\n')]))).rejects.toMatchObject({
    code: 'RENDITION_ALTERED',
  });
  await expect(openPaper(pdf, [nantong.statement], ACTED_AT)).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
});

it('is none when nothing is attached: a copy for reading that somebody signed proves nothing', async () => {
  expect(await opened(await signed(uxin, '阅读件'))).toBeUndefined();
});
