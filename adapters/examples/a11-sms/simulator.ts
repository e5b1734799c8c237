import { type VendorAnswer, type VendorCall, VendorPlatform } from '../testing/vendor-platform.ts';

/** A message as the telephone shows it. */
export interface ShortMessage {
  readonly to: string;
  readonly template: string;
  readonly text: string;
}

const NAMES = ['x-app-key', 'x-time', 'x-nonce', 'x-sign'] as const;

/** What was approved (短信模板); the names in braces are parameters. */
const TEMPLATES: Readonly<Record<string, string>> = {
  SMS_260001: '您的{item}申请已收件,编号{number},查询码{queryCode}。',
  SMS_260002: '您的申请{number}需要补正材料,请于{until}前到收件窗口办理。',
  SMS_260003: '您的申请{number}已于{day}受理。',
  SMS_260004: '您的申请{number}已办结发证。',
  SMS_260005: '您的申请{number}的结果已送达,请及时领取。',
};

/** A platform for text messages (短信平台): writes a message by its template, each once by `OutId`. */
export class SmsPlatform extends VendorPlatform {
  readonly sent: ShortMessage[] = [];
  /** How many requests from now on are too many for it. */
  limited = 0;
  readonly #ids = new Set<unknown>();

  protected answer(call: VendorCall): VendorAnswer {
    const { body } = call;
    const header = (name: string) => call.headers[name] as string | undefined;
    if (!this.isSigned({ bytes: Buffer.alloc(0) }, header, { names: NAMES, digest: 'sha256' }))
      return refusal('SIGNATURE_ERROR', '签名错误');
    if (this.limited > 0) {
      this.limited -= 1;
      return refusal('LIMIT_CONTROL', '触发流控');
    }
    const template = TEMPLATES[String(body['TemplateCode'])];
    if (template === undefined) return refusal('TEMPLATE_ILLEGAL', '模板不合法');
    if (!this.#ids.has(body['OutId'])) {
      const values = JSON.parse(String(body['TemplateParam'])) as Record<string, string>;
      const text = template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
      this.#ids.add(body['OutId']);
      this.sent.push({ to: String(body['PhoneNumbers']), template: String(body['TemplateCode']), text });
    }
    return { body: { Code: 'OK', Message: 'OK', BizId: `${this.sent.length}` } };
  }
}

function refusal(Code: string, Message: string): VendorAnswer {
  return { body: { Code, Message } };
}
