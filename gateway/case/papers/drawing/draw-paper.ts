import { AFRelationship, PDFDocument } from 'pdf-lib';
import { regionFullName } from '#proto';
import { drawQr, drawSeal, qrOf } from '../../../rendition/figures.ts';
import type { RenditionFont } from '../../../rendition/font.ts';
import { GREY, PAGE, Sheet, type SheetLook, type TextStyle } from '../../../rendition/sheet.ts';
import { codePointName } from '../../../rendition/text.ts';
import { PAPER_FILE } from '../open-paper.ts';
import { type PaperFacts, writeFacts } from '../paper-facts.ts';
import type { Words } from '../paper-kinds.ts';
import type { Block, FormRow } from '../wording/blocks.ts';
import { textOf } from '../wording/paper-text.ts';
import { caseNumbers, day } from '../wording/parts.ts';
import { drawTable } from './table.ts';

/** What is drawn of a notice. */
export interface PaperSheet {
  readonly facts: PaperFacts;
  /** With English below the Chinese (英文对照). */
  readonly gloss: boolean;
  /** What stands across every page of a copy for reading; undefined for the original, which is to be signed. */
  readonly mark: string | undefined;
}

/** Pages that are not yet signed. */
export interface DrawnPaper {
  readonly pdf: Uint8Array;
  /** Characters that the font cannot show, each once: they are printed as their code points. */
  readonly missing: readonly string[];
}

/** Margins as official documents have them (GB/T 9704-2012, 5.2), in points of 1/72 inch. */
const LOOK: SheetLook = { side: 76, top: 92, bottom: 100, mark: '' };
const WIDTH = PAGE.width - 2 * LOOK.side;
const PLACE = { left: LOOK.side, width: WIDTH, room: PAGE.height - LOOK.top - LOOK.bottom } as const;
const BODY = { size: 15, leading: 1.85 } as const;
const GLOSS = { size: 9, leading: 1.5, color: GREY } as const;
const INDENT = '　　';
const FORM = { size: 12.5, leading: 1.6, label: 132 } as const;
const NOTE = { size: 10.5, leading: 1.6 } as const;
/** The seal stands between the name of the authority and the date, so that both can be read through it. */
const CLOSING = { height: 128, radius: 52, qr: 70, leading: 1.8, seal: 35 } as const;

/**
 * Draws a notice on A4: the authority, the title, its number, the body, and below that authority, date and seal. The same
 * facts give the same bytes.
 *
 * @throws CodedError RENDITION_UNSUPPORTED when it is too long
 */
export async function drawPaper({ facts, gloss, mark }: PaperSheet, font: RenditionFont): Promise<DrawnPaper> {
  const document = await PDFDocument.create({ updateMetadata: false });
  const sheet = new Sheet(document, await font.embed(document), font, { ...LOOK, mark: mark ?? '' });
  const { title, authority, addressee, blocks, givenBy } = textOf(facts);
  sheet.paragraph(authority, { size: 17, align: 'centre' });
  sheet.paragraph([...title.zh].join(' '), { size: 24, align: 'centre', leading: 1.7 });
  if (gloss) sheet.paragraph(title.en, { ...GLOSS, size: 11, align: 'centre' });
  sheet.skip(8);
  for (const line of [`编号：${facts.number}`, ...caseNumbers(facts)])
    sheet.paragraph(line, { size: 11, align: 'right' });
  sheet.skip(10);
  said(addressee, '');
  for (const block of blocks) draw(block);
  close(sheet, facts, { authority, givenBy: gloss && givenBy.en !== '' ? `${givenBy.zh}\n${givenBy.en}` : givenBy.zh });
  noteMissing(sheet);
  sheet.finish(mark === undefined ? originalLines(facts) : copyLines(facts));
  describe(document, facts, title.zh);
  if (mark === undefined) await attach(document, facts);
  // Seals are appended, which takes a file with plain tables.
  const plain = { useObjectStreams: false, addDefaultPage: false, updateFieldAppearances: false };
  return { pdf: await document.save(plain), missing: sheet.missing };

  function said({ zh, en }: Words, indent: string, style: TextStyle = BODY): void {
    if (zh !== '') for (const line of zh.split('\n')) sheet.paragraph(indent + line, style);
    if (!gloss || en === '') return;
    sheet.paragraph(en, GLOSS);
    sheet.skip(4);
  }

  function draw(block: Block): void {
    switch (block.kind) {
      case 'paragraph':
        said(block.text, INDENT);
        return;
      case 'note':
        sheet.skip(4);
        said(block.text, '', NOTE);
        return;
      case 'table':
        sheet.skip(10);
        drawTable(sheet, block.columns, block.rows, { ...PLACE, gloss });
        break;
      case 'form':
        sheet.skip(4);
        for (const row of block.rows) formRow(row);
    }
    sheet.skip(6);
  }

  function formRow({ label, value }: FormRow): void {
    const labelText = gloss ? `${label.zh}\n${label.en}` : label.zh;
    const valueText = gloss && value.en !== value.zh ? `${value.zh}\n${value.en}` : value.zh;
    const [labels, values] = [
      sheet.lines(labelText, FORM.label - FORM.size, FORM.size),
      sheet.lines(valueText, WIDTH - FORM.label - FORM.size, FORM.size),
    ];
    const step = FORM.size * FORM.leading;
    for (let index = 0; index < Math.max(labels.length, values.length); index += 1) {
      sheet.demand(step);
      sheet.skip(step);
      sheet.write(labels[index] ?? '', LOOK.side, sheet.y, { size: FORM.size, color: GREY });
      sheet.write(values[index] ?? '', LOOK.side + FORM.label, sheet.y, { size: FORM.size });
    }
    sheet.page.drawLine({
      start: { x: LOOK.side + FORM.label - 4, y: sheet.y - 5 },
      end: { x: LOOK.side + WIDTH, y: sheet.y - 5 },
      thickness: 0.4,
      color: GREY,
    });
    sheet.skip(4);
  }
}

/** Authority, date and seal on the right, the query code on the left: together on one page. */
function close(
  sheet: Sheet,
  facts: PaperFacts,
  { authority, givenBy }: { readonly authority: string; readonly givenBy: string },
): void {
  const { qr, radius, leading, seal } = CLOSING;
  const [left, width] = [LOOK.side + WIDTH / 2, WIDTH / 2];
  const signed = [...sheet.lines(authority, width, BODY.size), day(facts.at).zh];
  const given = sheet.lines(givenBy, width, NOTE.size).filter((line) => line !== '');
  // Of a long name the seal stands on the last line.
  const over = (signed.length - 2) * BODY.size * leading;
  const height = CLOSING.height + over + given.length * NOTE.size * leading;
  sheet.skip(10);
  sheet.demand(height);
  const top = sheet.y - 16;
  let y = top;
  const centred = (line: string, size: number) => {
    y -= size * leading;
    sheet.write(line, left + (width - sheet.widthOf(line, size)) / 2, y, { size });
  };
  for (const line of signed) centred(line, BODY.size);
  for (const line of given) centred(line, NOTE.size);
  drawSeal(sheet, authority, { x: left + width / 2, y: top - over - seal, radius });
  if (facts.queryCode !== '') {
    const corner = { x: LOOK.side + 4, y: sheet.y - 10 - qr, side: qr };
    drawQr(sheet.page, qrOf(queryText(facts), 'medium'), corner);
    sheet.column(`查询码 ${facts.queryCode}`, corner.x - 4, corner.y - 4, 180, { size: 9 });
  }
  sheet.skip(height);
}

/** What the QR code says: whom to ask about the case, and by which code. No address, which a forger could replace. */
export function queryText({ receiving, queryCode }: Pick<PaperFacts, 'receiving' | 'queryCode'>): string {
  return `TONGBAN-CASE:${receiving}:${queryCode}`;
}

function noteMissing(sheet: Sheet): void {
  const names = sheet.missing.map(codePointName);
  if (names.length === 0) return;
  sheet.paragraph(`以下字符字体未收，文中以〔U+编码〕标示：${names.join(' ')}`, { size: 8, color: GREY });
}

function originalLines({ issuer }: PaperFacts): string[] {
  return [
    `本文书由${regionFullName(issuer) ?? ''}（${issuer}）以电子签名签署，签名可在核验页面或用通办网关核验；印章为图样，以电子签名为准。`,
  ];
}

function copyLines({ issuer, number }: PaperFacts): string[] {
  return [
    `阅读件，未签名：由${regionFullName(issuer) ?? ''}（${issuer}）签署的${number}号文书生成，以签名原件的中文为准 / A copy for reading, without a signature: the signed original in Chinese prevails.`,
  ];
}

function describe(document: PDFDocument, { number, issuer, at }: PaperFacts, title: string): void {
  document.setTitle(`${title} ${number}`, { showInWindowTitleBar: true });
  document.setAuthor(`${regionFullName(issuer) ?? ''} ${issuer}`.trim());
  document.setCreator('Tongban 通办');
  document.setProducer('Tongban 通办');
  document.setLanguage('zh-CN');
  document.setCreationDate(new Date(at));
  document.setModificationDate(new Date(at));
}

async function attach(document: PDFDocument, { format: _format, ...facts }: PaperFacts): Promise<void> {
  await document.attach(Buffer.from(writeFacts(facts)), PAPER_FILE.name, {
    mimeType: PAPER_FILE.mediaType,
    description: '文书内容 / what the notice says',
    creationDate: new Date(facts.at),
    modificationDate: new Date(facts.at),
    afRelationship: AFRelationship.Data,
  });
}
