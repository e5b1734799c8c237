import { digest, hashNamed } from '../crypto/algorithms.ts';
import { type TestSigner, testSigner } from './certificates.ts';
import { setSeal, type TestSealOptions } from './e-seals.ts';
import { buildZip, type TestFile, type TestZipOptions } from './zip.ts';

/** The files of an OFD for tests, by name: they may be changed before they are packed. */
export type TestOfd = Map<string, Buffer>;

export interface TestOfdOptions extends TestSealOptions {
  readonly signer?: TestSigner;
  readonly maker?: TestSigner;
  /** Hash of the references; SM3 by its object identifier unless told. */
  readonly checkMethod?: string;
  /** Files that the signature leaves out. */
  readonly leaveOut?: readonly string[];
  /** The signature itself, instead of a seal. */
  readonly value?: (signatureXml: Buffer) => Buffer;
  /** Also put the seal into a file of its own. */
  readonly sealFile?: boolean;
}

export const SIGNATURE_XML = 'Doc_0/Signs/Sign_0/Signature.xml';
export const SIGNED_VALUE = 'Doc_0/Signs/Sign_0/SignedValue.dat';
const SEAL = 'Doc_0/Signs/Sign_0/Seal.esl';
export const PAGE = 'Doc_0/Pages/Page_0/Content.xml';
const NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"';
const SM3 = '1.2.156.10197.1.401';

/** Two certificates, of a signer and of a maker of seals, by one authority. */
export function sealingCast(options: Parameters<typeof testSigner>[1] = {}) {
  const authority = testSigner('测试根证书', { ca: true });
  const signer = testSigner('测试市行政审批局', { organisation: '测试市行政审批局', issuer: authority, ...options });
  const maker = testSigner('测试制章系统', { organisation: '测试市公安局', issuer: authority });
  return { authority, signer, maker };
}

/** An OFD with one page and one seal over everything. */
export function sealedOfd(
  options: TestOfdOptions & { readonly signer: TestSigner; readonly maker: TestSigner },
): TestOfd {
  const files = plainOfd(true);
  const checkMethod = options.checkMethod ?? SM3;
  const hash = hashNamed(checkMethod) ?? 'sm3';
  const references = [...files]
    .filter(([name]) => name !== 'Doc_0/Signs/Signatures.xml' && !options.leaveOut?.includes(name))
    .map(
      ([name, bytes]) =>
        `<ofd:Reference FileRef="/${name}"><ofd:CheckValue>${digest(hash, bytes).toString('base64')}</ofd:CheckValue></ofd:Reference>`,
    );
  const signature = xml(`<ofd:Signature ${NAMESPACE}><ofd:SignedInfo><ofd:Provider ProviderName="test"/>
    <ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod><ofd:SignatureDateTime>20260601120000Z</ofd:SignatureDateTime>
    <ofd:References CheckMethod="${checkMethod}">${references.join('')}</ofd:References>
    ${options.sealFile ? '<ofd:Seal><ofd:BaseLoc>Seal.esl</ofd:BaseLoc></ofd:Seal>' : ''}
    </ofd:SignedInfo><ofd:SignedValue>SignedValue.dat</ofd:SignedValue></ofd:Signature>`);
  const seal = setSeal(signature, options.signer, options.maker, options);
  files.set(SIGNATURE_XML, signature);
  files.set(SIGNED_VALUE, options.value?.(signature) ?? seal.value);
  if (options.sealFile) files.set(SEAL, seal.seal);
  return files;
}

/** An OFD with one page, without a seal. @param signed whether it names a list of signatures */
export function plainOfd(signed = false): TestOfd {
  const list = signed ? '<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures>' : '';
  const files: TestOfd = new Map([
    [
      'OFD.xml',
      xml(
        `<ofd:OFD ${NAMESPACE} DocType="OFD" Version="1.1"><ofd:DocBody><ofd:DocInfo><ofd:DocID>1</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>${list}</ofd:DocBody></ofd:OFD>`,
      ),
    ],
    [
      'Doc_0/Document.xml',
      xml(
        `<ofd:Document ${NAMESPACE}><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>`,
      ),
    ],
    ['Doc_0/PublicRes.xml', xml(`<ofd:Res ${NAMESPACE} BaseLoc="Res"/>`)],
    [
      PAGE,
      xml(`<ofd:Page ${NAMESPACE}><ofd:Content><ofd:TextCode>不动产登记证明</ofd:TextCode></ofd:Content></ofd:Page>`),
    ],
  ]);
  if (signed)
    files.set(
      'Doc_0/Signs/Signatures.xml',
      xml(
        `<ofd:Signatures ${NAMESPACE}><ofd:MaxSignId>1</ofd:MaxSignId><ofd:Signature ID="1" Type="Seal" BaseLoc="/${SIGNATURE_XML}"/></ofd:Signatures>`,
      ),
    );
  return files;
}

/** Packs the files. @param more files that are appended as they are */
export function packOfd(files: TestOfd, more: readonly TestFile[] = [], options: TestZipOptions = {}): Buffer {
  return buildZip([...[...files].map(([name, bytes]) => ({ name, bytes })), ...more], options);
}

function xml(content: string): Buffer {
  return Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${content}`);
}
