import type { TestSigner } from './certificates.ts';
import { runWith } from './openssl.ts';

export interface TestSignatureOptions {
  readonly subFilter?: string;
  readonly type?: 'Sig' | 'DocTimeStamp';
  /** Makes the signature over the two ranges; the openssl command line unless told. */
  readonly sign?: (content: Buffer) => Buffer;
  /** Changes the numbers of the byte range. */
  readonly range?: (range: readonly number[]) => readonly number[];
  /** Bytes of room for the signature. */
  readonly room?: number;
}

const NAME = '/ByteRange [';
const NUMBERS = '0 0000000000 0000000000 0000000000';

/** A PDF with one page and the form for signatures. */
export function plainPdf(text = 'Certificate of registration'): Buffer {
  const content = `BT /F1 24 Tf 72 720 Td (${text}) Tj ET`;
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R /AcroForm 5 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> /Annots [] >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Fields [] /SigFlags 3 >>',
  ];
  return update(
    Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'),
    objects.map((body, index) => [index + 1, body]),
    6,
  );
}

/** Signs a PDF by an incremental update: a field, and the signature in it. */
export function signPdf(pdf: Buffer, signer: TestSigner, options: TestSignatureOptions = {}): Buffer {
  const { subFilter = 'ETSI.CAdES.detached', type = 'Sig', room = 6000 } = options;
  const first = sizeOf(pdf);
  const fields = [...fieldsOf(pdf), first + 1];
  const placeholder = `<< /Type /${type} /Filter /Adobe.PPKLite /SubFilter /${subFilter} /M (D:20260601200000+08'00') ${NAME}${NUMBERS}] /Contents <${'0'.repeat(2 * room)}> >>`;
  const references = fields.map((field) => `${field} 0 R`).join(' ');
  const prepared = update(
    pdf,
    [
      [
        3,
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> /Annots [${references}] >>`,
      ],
      [5, `<< /Fields [${references}] /SigFlags 3 >>`],
      [first, placeholder],
      [
        first + 1,
        `<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature${first}) /V ${first} 0 R /Rect [0 0 0 0] /F 132 /P 3 0 R >>`,
      ],
    ],
    first + 2,
  );
  const start = prepared.lastIndexOf(`<${'0'.repeat(2 * room)}>`);
  const end = start + 2 * room + 2;
  const range = (options.range ?? ((same) => same))([0, start, end, prepared.length - end]);
  const written = range.map((number, index) => String(number).padStart(index === 0 ? 1 : 10, '0')).join(' ');
  prepared.write(written, prepared.lastIndexOf(NAME) + NAME.length, 'latin1');
  const content = Buffer.concat([prepared.subarray(0, start), prepared.subarray(end)]);
  const signature = options.sign?.(content) ?? opensslCms(content, signer);
  prepared.write(signature.toString('hex'), start + 1, 'latin1');
  return prepared;
}

/** Appends what changes the text of the page, as an editor that keeps the old revision does. */
export function editPdf(pdf: Buffer, text: string): Buffer {
  const content = `BT /F1 24 Tf 72 720 Td (${text}) Tj ET`;
  return update(pdf, [[4, `<< /Length ${content.length} >>\nstream\n${content}\nendstream`]], sizeOf(pdf));
}

/** Signs with the openssl command line: detached CMS. @param options more of its options */
export function opensslCms(content: Buffer, signer: TestSigner, ...options: readonly string[]): Buffer {
  const files = { content, 'certificate.pem': signer.pem, 'key.pem': signer.keyPem };
  const given = ['-in', 'content', '-signer', 'certificate.pem', '-inkey', 'key.pem', '-outform', 'DER', '-out', 'out'];
  const { ok, said, out } = runWith(files, 'openssl', 'cms', '-sign', '-binary', '-md', 'sha256', ...given, ...options);
  if (!ok) throw new Error(said);
  return out;
}

/** Appends objects with their cross-reference table and trailer (ISO 32000-1, 7.5.6). */
function update(pdf: Buffer, objects: readonly (readonly [number: number, body: string])[], size: number): Buffer {
  const before = pdf.includes('startxref') ? `/Prev ${lastTable(pdf)} ` : '';
  const parts: Buffer[] = [];
  let at = pdf.length;
  const places = objects.map(([number, body]) => {
    const bytes = Buffer.from(`${number} 0 obj\n${body}\nendobj\n`, 'latin1');
    parts.push(bytes);
    at += bytes.length;
    return [number, at - bytes.length] as const;
  });
  const free = before === '' ? ['0 1', '0000000000 65535 f '] : [];
  const table = places.flatMap(([number, place]) => [`${number} 1`, `${String(place).padStart(10, '0')} 00000 n `]);
  const end = `xref\n${[...free, ...table].join('\n')}\ntrailer\n<< /Size ${size} ${before}/Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.concat([pdf, ...parts, Buffer.from(end, 'latin1')]);
}

function lastTable(pdf: Buffer): number {
  return Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(pdf.toString('latin1'))![1]);
}

function sizeOf(pdf: Buffer): number {
  return Number([...pdf.toString('latin1').matchAll(/\/Size (\d+)/g)].at(-1)![1]);
}

function fieldsOf(pdf: Buffer): number[] {
  const last = [...pdf.toString('latin1').matchAll(/\/Fields \[([^\]]*)\]/g)].at(-1)![1]!;
  return [...last.matchAll(/(\d+) 0 R/g)].map((match) => Number(match[1]));
}
