import { PDFDocument } from 'pdf-lib';
import { beforeAll, describe, expect, it } from 'vitest';
import { PAPER_KINDS } from '#proto';
import { openFont, type RenditionFont } from '../../../rendition/font.ts';
import { attachedIn } from '../../../rendition/read-pdf.ts';
import { NO_PDFTOTEXT, PDFTOTEXT, textOf } from '../../../rendition/testing/tools.ts';
import { maskedFacts } from '../masked-facts.ts';
import { PAPER_FILE } from '../open-paper.ts';
import { type PaperFacts, readFacts } from '../paper-facts.ts';
import { KINDS_OF_PAPER } from '../paper-kinds.ts';
import { ACTED_AT, sampleFacts } from '../testing/sample-facts.ts';
import { drawPaper } from './draw-paper.ts';

let font: RenditionFont;

beforeAll(async () => {
  font = await openFont();
});

async function drawn(facts: PaperFacts, { gloss = false, mark }: { gloss?: boolean; mark?: string } = {}) {
  const { pdf, missing } = await drawPaper({ facts, gloss, mark }, font);
  return { pdf: Buffer.from(pdf), missing };
}

const pagesOf = async (pdf: Buffer) => (await PDFDocument.load(pdf)).getPageCount();

describe('a notice', () => {
  it.each(PAPER_KINDS)('%s fits on one page, and the same facts give the same bytes', async (kind) => {
    const facts = sampleFacts(kind);
    const { pdf, missing } = await drawn(facts);
    expect(missing).toEqual([]);
    expect(await pagesOf(pdf)).toBe(1);
    expect((await drawn(facts)).pdf.equals(pdf)).toBe(true);
  });

  it('has with it what it says, but a copy for reading has not', async () => {
    const facts = sampleFacts('supplement');
    const { pdf } = await drawn(facts);
    expect(readFacts((await attachedIn(pdf, PAPER_FILE.name))!)).toEqual(facts);
    const copy = await drawn(facts, { mark: '阅读件' });
    expect(await attachedIn(copy.pdf, PAPER_FILE.name)).toBeUndefined();
  });
});

describe.skipIf(!PDFTOTEXT)(`on its pages${PDFTOTEXT ? '' : `: ${NO_PDFTOTEXT}`}`, () => {
  it.each(PAPER_KINDS)('%s has title, number, authority, date, both case numbers and the query code', async (kind) => {
    const text = textOf((await drawn(sampleFacts(kind))).pdf);
    const { authority, number, receivingNumber, handlingNumber, queryCode } = sampleFacts(kind);
    const date = '2026年11月20日';
    for (const part of [KINDS_OF_PAPER[kind].title.zh, `编号：${number}`, authority.name, date, queryCode])
      expect(text).toContain(part);
    for (const part of [receivingNumber, handlingNumber]) expect(text).toContain(part);
    expect(text).not.toMatch(/undefined|NaN|阅读件/);
  });

  it.each(PAPER_KINDS)('%s has English beside the Chinese for whoever asks', async (kind) => {
    const { pdf } = await drawn(sampleFacts(kind), { gloss: true, mark: '阅读件' });
    const text = textOf(pdf);
    expect(text).toContain(KINDS_OF_PAPER[kind].title.en.replaceAll(' ', ''));
    expect(text).toContain(KINDS_OF_PAPER[kind].title.zh);
    expect(text).toContain('阅读件，未签名');
    expect(text).not.toMatch(/undefined|NaN/);
    expect(textOf((await drawn(sampleFacts(kind))).pdf)).not.toContain(
      KINDS_OF_PAPER[kind].title.en.replaceAll(' ', ''),
    );
  });

  it('lists 100 materials over as many pages as they take, every one of them', async () => {
    const items = Array.from({ length: 100 }, (_, index) => {
      return {
        material: `第${index + 1}号材料`,
        reason: `原因${index + 1}：${'说明'.repeat(8)}`,
        legalBasis: `依据${index + 1}`,
      };
    });
    const { pdf } = await drawn(sampleFacts('supplement', { details: { items, deadline: ACTED_AT, way: '窗口' } }));
    const pages = await pagesOf(pdf);
    expect(pages).toBeGreaterThan(4);
    const text = textOf(pdf);
    for (let n = 1; n <= 100; n += 1)
      for (const word of ['第1号材料', '原因1：', '依据1']) expect(text).toContain(word.replace('1', String(n)));
    // The head of the table stands on every page that has a part of it.
    expect(text.match(/序号材料原因依据/g)!.length).toBeGreaterThanOrEqual(pages - 1);
    expect(pdf.length).toBeLessThan(200_000);
  });

  it('breaks a row that is higher than a page, and loses nothing of it', async () => {
    const reason = Array.from({ length: 62 }, (_, index) => `〈${String(index).padStart(3, '0')}〉𠮷`).join('');
    const items = [{ material: '超长说明', reason, legalBasis: '无' }];
    const { pdf, missing } = await drawn(sampleFacts('one-time-notice', { details: { items } }));
    expect(missing).toEqual(['𠮷']);
    expect(await pagesOf(pdf)).toBe(3);
    const text = textOf(pdf);
    for (let n = 0; n < 62; n += 1) expect(text).toContain(`${String(n).padStart(3, '0')}〉`);
  });

  it('shows long names of people, and rare characters by their code', async () => {
    const name = '阿卜杜热合曼·买买提依明·阿不都克里木·𠮷尔吉斯';
    const applicant = {
      kind: 'person',
      name,
      documentType: 'citizen-number',
      documentNumber: '6531**********1234',
    } as const;
    const authority = { name: `新疆维吾尔自治区喀什地区莎车县${'行政审批与政务服务'.repeat(3)}局`, code: '' };
    const { pdf, missing } = await drawn(sampleFacts('acceptance', { applicant, authority }));
    expect(missing).toEqual(['𠮷']);
    const text = textOf(pdf);
    expect(text).toContain('阿卜杜热合曼·买买提依明·阿不都克里木·〔U+20BB7〕尔吉斯：');
    expect(text).toContain('以下字符字体未收');
    expect(text).toContain('你提出的“食品经营许可”');
  });

  it('says of a case that a region has for itself one number, and nothing of handing over', async () => {
    const text = textOf(
      (
        await drawn(
          sampleFacts('receipt', {
            mode: 'direct',
            handling: '320600',
            details: { limits: [{ name: 'acceptance', days: 5, dueAt: ACTED_AT }] },
          }),
        )
      ).pdf,
    );
    expect(text).toContain('办件编号：32060020261120000001');
    expect(text).not.toMatch(/办理地办件编号|移交/);
    expect(text).toContain('本事项无需另交材料');
  });

  it('says that nobody decided in time, and what is given in the name of another', async () => {
    const details = { limits: [{ name: 'promised', days: 0, dueAt: ACTED_AT }], deemed: true } as const;
    const handler = { organisation: '南通市政务服务中心', window: '窗口1', staff: 'NT001' };
    const { pdf } = await drawn(sampleFacts('acceptance', { issuer: '320600', handler, details }));
    const text = textOf(pdf);
    for (const part of ['视为受理', '当日办结，至2026年11月20日', '由南通市政务服务中心代为出具'])
      expect(text).toContain(part);
  });

  it('has nothing personal when it is masked', async () => {
    for (const kind of PAPER_KINDS) {
      const facts = sampleFacts(kind);
      const text = textOf((await drawn(maskedFacts(facts), { mark: '脱敏阅读件' })).pdf);
      for (const secret of [facts.applicant.name, facts.applicant.documentNumber, facts.queryCode, '法定代表人未签字'])
        expect(text).not.toContain(secret);
      expect(text).toContain(facts.number);
    }
  });
});
