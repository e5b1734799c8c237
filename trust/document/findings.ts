import { DOCUMENT_LIMITS } from './limits.ts';

/** What may be said of a document as a whole, from the worst to the best; `unsealed` when there is nothing to judge. */
export const VERDICTS = {
  refused: { zh: '文件结构不可接受,未作核验', en: 'the container is not acceptable; nothing in it was judged' },
  altered: { zh: '与签章时不一致,或签章不成立', en: 'not what was sealed, or a seal does not hold' },
  unproven: { zh: '未发现改动,但签章不足以证明', en: 'nothing found altered, but a seal proves too little' },
  untrusted: { zh: '内容完好,签章人不在信任名单内', en: 'intact, signer not in the trust list' },
  partial: { zh: '已签章部分完好,其余内容不受签章保护', en: 'the sealed part is intact; the rest is under no seal' },
  sealed: { zh: '内容完好,签章人在信任名单内', en: 'intact, sealed by signers of the trust list' },
  unsealed: { zh: '文件没有电子印章或签名', en: 'the file carries no seal or signature' },
} as const;

export type Verdict = keyof typeof VERDICTS;

/** The verdict that a finding alone leads to; a note changes nothing. */
type Weight = 'refused' | 'altered' | 'unproven' | 'untrusted' | 'partial' | 'note';

interface Entry {
  readonly weight: Weight;
  readonly zh: string;
  readonly en: string;
}

/** Every finding that a report may hold. `docs/documents.md` lists exactly these. */
export const FINDINGS = {
  // the container
  'not-a-document': entry('refused', '既不是 OFD 也不是 PDF', 'neither OFD nor PDF'),
  'too-large': entry('refused', '超过核验的大小限制', 'larger than what is examined'),
  'zip-malformed': entry('refused', 'ZIP 结构有误', 'the ZIP container is malformed'),
  'zip-hidden': entry(
    'refused',
    'ZIP 内有目录以外的数据',
    'the ZIP container has bytes that its directory does not list',
  ),
  'zip-name': entry('refused', 'ZIP 内文件名不安全', 'a name in the ZIP container is unsafe'),
  'zip-duplicate': entry('refused', 'ZIP 内文件重名', 'two files in the ZIP container have the same name'),
  'zip-encrypted': entry('refused', 'ZIP 内文件已加密', 'a file in the ZIP container is encrypted'),
  'zip-unsupported': entry('refused', 'ZIP 用了不支持的格式', 'the ZIP container uses a form that is not supported'),
  'zip-limit': entry(
    'refused',
    'ZIP 内文件过多或解压后过大',
    'the ZIP container has too many files or unpacks to too much',
  ),
  'xml-malformed': entry('refused', 'XML 有误', 'an XML file is malformed'),
  'xml-dtd': entry('refused', 'XML 含有文档类型定义或实体', 'an XML file has a document type or entities'),
  'xml-limit': entry('refused', 'XML 过大或层次过深', 'an XML file is too large or too deep'),
  'ofd-structure': entry('refused', 'OFD 结构有误或缺少文件', 'the OFD structure is wrong or lacks a file'),
  'pdf-malformed': entry('refused', 'PDF 结构有误', 'the PDF structure is wrong'),
  'too-many-seals': entry('refused', '签章过多', 'there are too many seals'),
  // the content
  'file-changed': entry('altered', '文件与签章时不一致', 'a file is not what was sealed'),
  'file-missing': entry('altered', '受保护的文件缺失', 'a sealed file is missing'),
  'content-mismatch': entry('altered', '签章属于其他内容', 'the seal is over other content'),
  'pdf-appended': entry('altered', '最后一个签名之后追加了内容', 'content was appended after the last signature'),
  'pdf-range': entry('altered', '签名字节范围有误', 'the byte range of a signature is wrong'),
  'pdf-hole': entry(
    'altered',
    '签名字节范围留有空洞',
    'the byte range of a signature leaves out more than the signature',
  ),
  'file-not-covered': entry('partial', '文件不受任何签章保护', 'a file is under no seal'),
  'pdf-revision': entry(
    'note',
    '此签名只覆盖当时的版本,其后另有签名',
    'this signature covers an earlier revision; a later one follows',
  ),
  'pdf-timestamp': entry(
    'note',
    '文档时间戳不是签章人,未作核验',
    'a document timestamp is no signer and was not judged',
  ),
  // the seal
  'seal-malformed': entry('altered', '签章数据有误', 'the data of the seal is malformed'),
  'signature-invalid': entry('altered', '签名值不符', 'the signature does not verify'),
  'certificate-mismatch': entry('altered', '签名所指证书与实际不符', 'the signature names another certificate'),
  'seal-signature-invalid': entry(
    'altered',
    '电子印章的制章签名不符',
    "the maker's signature on the seal does not verify",
  ),
  'seal-signer': entry('altered', '签章人证书不在印章所列证书中', 'the seal is not for the certificate that signed'),
  'seal-differs': entry(
    'altered',
    '附带的印章文件与签章中的不一致',
    'the separate seal file is not the seal that signed',
  ),
  'seal-time': entry('altered', '签章时电子印章不在有效期内', 'the seal was outside its validity when it was set'),
  'certificate-time': entry(
    'altered',
    '签章时证书不在有效期内',
    'the certificate was outside its validity when it signed',
  ),
  'time-ahead': entry('unproven', '签章时间晚于当前时间', 'the time of sealing is later than now'),
  'seal-unsupported': entry('unproven', '不支持的签章格式', 'the form of the seal is not supported'),
  'certificate-missing': entry('unproven', '签名未附证书', 'the signature comes without its certificate'),
  'algorithm-unsupported': entry('unproven', '不支持的签名或摘要算法', 'the algorithm is not supported'),
  'algorithm-weak': entry('unproven', '算法强度不足(SHA-1 或短密钥)', 'the algorithm is weak: SHA-1, or a short key'),
  // trust
  'trust-list-empty': entry('untrusted', '未配置信任名单', 'no trust list is configured'),
  'signer-untrusted': entry(
    'untrusted',
    '签章人证书不在信任名单内',
    'the signer leads to no certificate of the trust list',
  ),
  'signer-usage': entry('untrusted', '签章人证书不得用于签名', "the signer's certificate is not for signatures"),
  'maker-untrusted': entry(
    'untrusted',
    '制章者证书不在信任名单内',
    'the maker of the seal leads to no certificate of the trust list',
  ),
  'time-unproven': entry(
    'note',
    '证书现已过期,签章时间只凭签章方所述',
    'the certificate has ended since; only the signer says when it sealed',
  ),
  'timestamp-unproven': entry('note', '时间戳无法采信', 'the timestamp does not count'),
  // revocation
  'certificate-revoked': entry('altered', '签章时证书已被吊销', 'the certificate was revoked when it signed'),
  'revoked-since': entry(
    'unproven',
    '证书其后被吊销,签章时间只凭签章方所述',
    'the certificate was revoked since; only the signer says that it sealed before',
  ),
  'revoked-later': entry(
    'note',
    '证书在可信时间戳之后被吊销',
    'the certificate was revoked after the trusted timestamp of the seal',
  ),
  'revocation-unknown': entry('note', '未核验证书是否已吊销', 'whether the certificate was revoked was not checked'),
} as const satisfies Record<string, Entry>;

export type FindingCode = keyof typeof FINDINGS;

/** One thing that was found, with its words. */
export interface Finding {
  readonly code: FindingCode;
  readonly weight: Weight;
  readonly zh: string;
  readonly en: string;
  /** A file of the container, or bytes of a PDF; empty for the whole. */
  readonly where: string;
  /** What exactly, in English; empty where the code says it all. */
  readonly detail: string;
}

/** What stops the examination of a container or of a seal. */
export class DocumentFault extends Error {
  readonly code: FindingCode;

  constructor(code: FindingCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Collects findings: the worst counts even when there are too many to name. */
export class DocumentFindings {
  readonly #list: Finding[] = [];
  readonly #weights = new Set<Weight>();

  /** Keeps a finding once, however often it is made. */
  add(code: FindingCode, where = '', detail = ''): void {
    this.#weights.add(FINDINGS[code].weight);
    const known = this.#list.some((one) => one.code === code && one.where === where && one.detail === detail);
    if (!known && this.#list.length < DOCUMENT_LIMITS.findings)
      this.#list.push({ code, ...FINDINGS[code], where, detail });
  }

  /** Takes over what was found about a part. */
  addAll(part: DocumentFindings): void {
    for (const weight of part.#weights) this.#weights.add(weight);
    for (const { code, where, detail } of part.#list) this.add(code, where, detail);
  }

  /** Runs a step; its fault is kept and undefined returned. */
  attempt<T>(where: string, step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof DocumentFault)) throw error;
      this.add(error.code, where, error.message);
      return undefined;
    }
  }

  get list(): readonly Finding[] {
    return this.#list;
  }

  has(...weights: readonly Weight[]): boolean {
    return weights.some((weight) => this.#weights.has(weight));
  }

  /** The worst of what was found. @param best when nothing was */
  verdict(best: 'sealed' | 'unsealed'): Verdict {
    const worst = (Object.keys(VERDICTS) as Verdict[]).find((verdict) => this.#weights.has(verdict as Weight));
    return worst ?? best;
  }
}

function entry<W extends Weight>(weight: W, zh: string, en: string): { weight: W; zh: string; en: string } {
  return { weight, zh, en };
}
