import { AFRelationship, PDFDocument } from 'pdf-lib';
import { regionFullName } from '#proto';
import type { CertificateTypes, CertificateView } from '#trust';
import { chinaDate } from '../certificate/china-date.ts';
import { ATTACHMENT } from './attachment.ts';
import { chineseDate, lastDay, rowsOf } from './content.ts';
import { drawQr, drawSeal } from './figures.ts';
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
const CLOSING = { height: 150, qr: 110, radius: 54 } as const;

/**
 * Lays a certificate out on A4, with itself attached. The same content at the same time gives the same pages.
 *
 * @throws CodedError RENDITION_UNSUPPORTED when it is too long
 */
export async function layOut(content: RenditionContent, font: RenditionFont): Promise<Pages> {
  const { certificate, text, reference, types, now } = content;
  const document = await PDFDocument.create({ updateMetadata: false });
  const sheet = new Sheet(document, await font.embed(document), font);
  sheet.paragraph(certificate.name, { size: 26, align: 'centre' });
  sheet.skip(18);
  for (const { label, text: value } of rowsOf(certificate, types)) sheet.row(label, value, LABEL_WIDTH, { size: 11.5 });
  noteMissing(sheet);
  close(sheet, certificate, reference);
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

/** QR code and seal, together on one page. */
function close(sheet: Sheet, { authority, issuedOn }: CertificateView, reference: string): void {
  sheet.demand(CLOSING.height + 20);
  sheet.skip(20);
  const top = sheet.y;
  drawQr(sheet.page, reference, { x: PAGE.side, y: top - CLOSING.qr, side: CLOSING.qr });
  sheet.column(`查验码：${reference}`, PAGE.side, top - CLOSING.qr, 260, { size: 7.5, color: GREY });
  const x = PAGE.width - PAGE.side - 90;
  drawSeal(sheet, authority.name, { x, y: top - CLOSING.radius, radius: CLOSING.radius });
  sheet.column(chineseDate(issuedOn), x - 36, top - 2 * CLOSING.radius - 2, 180, { size: 11 });
  sheet.column('印章为图样，以电子签名为准', x - 50, top - 2 * CLOSING.radius - 20, 180, { size: 7.5, color: GREY });
  sheet.skip(CLOSING.height);
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
  const ends = [validUntil, stamp?.expiresAt].filter((end) => end !== undefined);
  const until = lastDay(ends.length > 0 ? Math.min(...ends) : undefined);
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
