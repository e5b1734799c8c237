import { type ErrorCode, isErrorCode } from '#proto';
import type { Words } from './verdict.ts';

/**
 * What anybody is told when a verification ends with an error: the codes are those of the registry, the words are for
 * people who have a certificate in their hands and no gateway. No other code leaves (公开核验的错误用语).
 */
// biome-ignore format: a table is read in lines
export const ERROR_WORDS = {
  // the certificate
  CERTIFICATE_MALFORMED: words('这不是可识别的电子证照，或内容不完整。请使用签发机关给您的原始文件。', 'This is not a certificate that can be read, or a part of it is missing. Use the original file that its authority gave you.'),
  CERTIFICATE_DISCLOSURE: words('证照内容与签发时不一致，有被改动的地方。请勿采信。', 'The content is not what was issued: something in it was altered. Do not accept it.'),
  CERTIFICATE_ISSUER: words('签发地区的身份未经本地区核对，无法确认真伪。请向证照上写明的机关核实。', 'The identity of the region that issued it was not checked here, so nothing can be said of it. Ask the authority that it names.'),
  CERTIFICATE_IDENTIFIER: words('证照标识的格式或校验位不对。请勿采信，并向签发机关核实。', 'The identifier of the certificate is wrong. Do not accept it; ask its authority.'),
  CERTIFICATE_TYPE: words('证照内容不符合该类证照的规定。请勿采信，并向签发机关核实。', 'The content is not what a certificate of this type may say. Do not accept it; ask its authority.'),
  CERTIFICATE_BINDING: words('所附的持证人证明无效，可能由他人拼接。请让持证人重新出示。', 'The proof of its holder that comes with it does not hold. Ask the holder to present it anew.'),
  CERTIFICATE_REFERENCE: words('这不是电子证照的查验码。二维码里的网址一律不打开：请勿访问它指向的网站。', 'This is no reference of a certificate. An address in a QR code is never opened: do not visit the page to which it leads.'),
  // the signature
  JWS_INVALID: words('签名的结构不对。请勿采信。', 'The signature is not one as regions make it. Do not accept it.'),
  TYP_MISMATCH: words('签名不是为电子证照作出的。请勿采信。', 'It was signed for another purpose than a certificate. Do not accept it.'),
  ALGORITHM_NOT_ALLOWED: words('签名算法与签发地区的密钥不符。请勿采信。', 'The signature uses another algorithm than the key of its region. Do not accept it.'),
  KEY_UNKNOWN: words('签名不是任何身份已核对的地区作出的，可能是仿冒。请勿采信。', 'No region whose identity was checked signed it; it may be a forgery. Do not accept it.'),
  KEY_REVOKED: words('签名所用的密钥已作废。请向签发机关换发新的证照。', 'The key that signed it was revoked. Ask the authority for a new certificate.'),
  KEY_NOT_VALID: words('签名时密钥不在有效期内。请勿采信，并向签发机关核实。', 'The key was not in force when it signed. Do not accept it; ask its authority.'),
  SIGNATURE_INVALID: words('签名验证不通过：内容被改动，或不是该地区签发的。请勿采信。', 'The signature does not verify: the content was altered, or the region did not issue it. Do not accept it.'),
  RENDITION_ALTERED: words('这份证照 PDF 在签发之后被改动过。请勿采信，并使用原始文件。', 'This PDF of a certificate was altered after it was issued. Do not accept it; use the original file.'),
  // how it stands
  STATUS_INDEX: words('签发地区公布的状态列表中没有这份证照。请向签发机关核实。', 'The status list of its region has no entry for this certificate. Ask its authority.'),
  STATUS_UNKNOWN: words('签发地区公布的状态无法辨认。请向签发机关核实。', 'What its region published about its status cannot be read. Ask its authority.'),
  NOT_FOUND: words('查无此证照：没有签发过带有这个查验码的证照。请核对后重试；若二维码印在证照上，请勿采信。', 'There is no certificate with this reference. Check it and try again; if it is printed on a certificate, do not accept that.'),
  // what was sent
  VALIDATION_FAILED: words('无法识别所提交的内容，或文件过于复杂。请提交证照文件、PDF、OFD 或二维码文字，图片请在页面上选择。', 'What was sent cannot be read, or is too complex to examine. Send a certificate, PDF, OFD or the text of a QR code; pictures are read by the page itself.'),
  REQUEST_INVALID: words('所提交的内容过大、格式不对，或传得太慢。文件最大 20 MiB。', 'What was sent is too large, not of the right form, or came too slowly. Files have 20 MiB at most.'),
  // the gateway
  BACK_PRESSURE: words('核验次数过多，请稍候再试。', 'Too many verifications at the moment. Please wait and try again.'),
  SHUTTING_DOWN: words('核验服务正在重启，请稍候再试。', 'The service is being restarted. Please try again in a moment.'),
  INTERNAL: words('核验服务出错，未能得出结果，请稍后再试。', 'The service failed and there is no result. Please try again later.'),
} as const satisfies Partial<Record<ErrorCode, Words>>;

export type PublicCode = keyof typeof ERROR_WORDS;

/** The code that anybody may be told: one of the table; what does not concern him is INTERNAL. */
export function publicCode(code: ErrorCode): PublicCode {
  return isErrorCode(code) && Object.hasOwn(ERROR_WORDS, code) ? (code as PublicCode) : 'INTERNAL';
}

function words(zh: string, en: string): Words {
  return { zh, en };
}
