import { AFRelationship, PDFDocument } from 'pdf-lib';
import { regionFullName } from '#proto';
import { type CertificateTypes, type CertificateView, paperPresentation } from '#trust';
import { chinaDate } from '../certificate/china-date.ts';
import { ATTACHMENT } from './attachment.ts';
import { chineseDate, endOf, labelsOf, lastDay, rowsOf } from './content.ts';
import { drawQr, drawSeal, type QrCode, qrOf, versionOf } from './figures.ts';
import type { RenditionFont } from './font.ts';
import { GREY, PAGE, Sheet } from './sheet.ts';
import { codePointName } from './text.ts';

/** What a PDF is made of. */
export interface RenditionContent {
  readonly certificate: CertificateView;
  /** The certificate itself, to be attached. */
  readonly text: string;
  /** Text of the QR code. */
  readonly reference: string;
  readonly types: CertificateTypes;
  /** Milliseconds. */
  readonly now: number;
}

/** Pages that are laid out and not yet signed. */
export interface Pages {
  readonly document: PDFDocument;
  /** Characters that the font cannot show, each once: they are printed as their code points. */
  readonly missing: readonly string[];
}

const LABEL_WIDTH = 120;
/** What closes a certificate, in points: its reference as a QR code, and its seal. */
const CLOSING = { above: 16, height: 150, qr: 84, radius: 54 } as const;
const NOTE = { size: 7.5, color: GREY } as const;
/**
 * The certificate itself as a QR code. The largest that is printed is of version 30: 137 modules of 0.42 mm, five dots of
 * a common printer. At level L it holds so many characters.
 */
const PAPER = { version: 30, length: 2520, side: 162, left: PAGE.side + 84 + 30 } as const;

/**
 * Lays a certificate out on A4, with itself attached. The same content at the same time gives the same pages.
 *
 * @throws CodedError RENDITION_UNSUPPORTED when it is too long
 */
export async function layOut(content: RenditionContent, font: RenditionFont): Promise<Pages> {
  const { certificate, text, types, now } = content;
  const document = await PDFDocument.create({ updateMetadata: false });
  const sheet = new Sheet(document, await font.embed(document), font);
  sheet.paragraph(certificate.name, { size: 26, align: 'centre' });
  sheet.skip(18);
  for (const { label, text: value } of rowsOf(certificate, types)) sheet.row(label, value, LABEL_WIDTH, { size: 11.5 });
  noteMissing(sheet);
  close(sheet, content);
  sheet.finish(vouchingLines(certificate, now));
  describe(document, certificate, now);
  await document.attach(Buffer.from(text), ATTACHMENT.name, {
    mimeType: ATTACHMENT.mediaType,
    description: '电子证照原文 / the certificate itself',
    creationDate: new Date(now),
    modificationDate: new Date(now),
    afRelationship: AFRelationship.Source,
  });
  return { document, missing: sheet.missing };
}

/** QR codes and seal, together on one page where that is possible. */
function close(sheet: Sheet, content: RenditionContent): void {
  const { certificate, reference } = content;
  const paper = paperOf(content);
  const paperHeight = paper ? PAPER.side + 6 + sheet.heightOf(paper.caption, PAPER.side, NOTE) : 0;
  const height = Math.max(CLOSING.height, paperHeight);
  // Rather than the seal, the certificate as a QR code goes to a page of its own.
  const isApart = !sheet.hasRoom(CLOSING.above + height) && sheet.hasRoom(CLOSING.above + CLOSING.height);
  sheet.demand(CLOSING.above + (isApart ? CLOSING.height : height));
  sheet.skip(CLOSING.above);
  closeWithReference(sheet, reference);
  closeWithSeal(sheet, certificate);
  if (isApart) {
    sheet.skip(CLOSING.height);
    sheet.demand(paperHeight);
  }
  if (paper) {
    const [x, y] = [isApart ? PAGE.side : PAPER.left, sheet.y - PAPER.side];
    drawQr(sheet.page, paper.code, { x, y, side: PAPER.side });
    sheet.column(paper.caption, x, y - 6, PAPER.side, NOTE);
  }
  sheet.skip(isApart ? paperHeight : height);
}

function closeWithReference(sheet: Sheet, reference: string): void {
  const { qr } = CLOSING;
  drawQr(sheet.page, qrOf(reference, 'medium'), { x: PAGE.side, y: sheet.y - qr, side: qr });
  const [scheme, region, code = ''] = reference.split(':');
  const lines = ['查验码：', `${scheme}:${region}:`, code.slice(0, 13), code.slice(13)];
  sheet.column(lines.join('\n'), PAGE.side, sheet.y - qr - 6, qr + 10, NOTE);
}

function closeWithSeal(sheet: Sheet, { authority, issuedOn }: CertificateView): void {
  const { radius } = CLOSING;
  const [x, top] = [PAGE.width - PAGE.side - radius - 2, sheet.y];
  drawSeal(sheet, authority.name, { x, y: top - radius, radius });
  sheet.column(chineseDate(issuedOn), x - 36, top - 2 * radius - 2, 180, { size: 11 });
  sheet.column('印章为图样，以电子签名为准', x - 49, top - 2 * radius - 20, 180, NOTE);
}

/** The certificate itself as a QR code (离线核验码) and the words below it; undefined when it is too large. */
function paperOf({ certificate, text, types }: RenditionContent): { code: QrCode; caption: string } | undefined {
  const paper = paperPresentation(text, { types, maxLength: PAPER.length });
  if (!paper) return undefined;
  const sturdy = qrOf(paper.qr, 'medium');
  const code = versionOf(sturdy) <= PAPER.version ? sturdy : qrOf(paper.qr, 'low');
  const left = labelsOf(paper.left, certificate, types).join('、');
  const lacking = left === '' ? '' : `，未含${left}`;
  return {
    code,
    caption: `离线核验码：内含证照及签名${lacking}，不联网也可核验。\nThe certificate itself, to be verified offline.`,
  };
}

function noteMissing(sheet: Sheet): void {
  const names = sheet.missing.map(codePointName);
  if (names.length === 0) return;
  const style = { size: 8, color: GREY } as const;
  sheet.paragraph(`以下字符字体未收，文中以〔U+编码〕标示，原文见所附电子证照：${names.join(' ')}`, style);
  sheet.paragraph(
    'Characters that the font lacks are printed as 〔U+code〕; the attached certificate has them.',
    style,
  );
}

/** Who vouches for the printout, and until when. */
function vouchingLines({ region, validUntil, stamp }: CertificateView, now: number): string[] {
  const by = `${regionFullName(region) ?? ''}（${region}）`;
  const endsByStamp = stamp !== undefined && stamp.expiresAt <= (validUntil ?? stamp.expiresAt);
  const until = endsByStamp ? endOf(stamp.expiresAt) : lastDay(validUntil);
  return [
    `电子证照打印件 · 由${by}签发并签名 · ${chineseDate(chinaDate(now))}生成 · 证照有效期至：${until}`,
    '打印件上所载以签发地区的电子签名和查验结果为准，证照此后可能已变更或注销 / Printout: only the electronic signature and a check with the issuing region prove it.',
  ];
}

function describe(document: PDFDocument, { name, number, region }: CertificateView, now: number): void {
  document.setTitle(`${name} ${number}`, { showInWindowTitleBar: true });
  document.setAuthor(`${regionFullName(region) ?? ''} ${region}`.trim());
  document.setCreator('Tongban 通办');
  document.setProducer('Tongban 通办');
  document.setLanguage('zh-CN');
  document.setCreationDate(new Date(now));
  document.setModificationDate(new Date(now));
}
